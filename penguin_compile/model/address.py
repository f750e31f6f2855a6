"""Natural keys of resources: stable, readable, never a remote id."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("config", "service", "mapping")


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """`config/smtp_host`, `service/myapp-flask-api`, `mapping/myapp-external-api`."""

    kind: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """From its text; ValueError where it has no kind that exists."""
        kind, slash, name = text.partition("/")
        if not slash or kind not in KINDS or not name:
            raise ValueError(f"not an address: {text!r} (it begins with {', '.join(KINDS)})")
        return cls(kind, name)

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"
