"""Natural keys of resources: stable, readable, never a remote id."""

from __future__ import annotations

from typing import NamedTuple

KINDS = ("config", "service", "mapping")


class Address(NamedTuple):
    """`config/smtp_host`, `service/myapp-flask-api`, `mapping/myapp-external-api`.

    A tuple: plans look up a hundred thousand of them, and it is hashed and compared in C.
    """

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
