"""Secrets: references that a spec may hold, and values that nothing may print."""

from __future__ import annotations

from penguin_compile.core.records import dataclass


@dataclass(frozen=True, slots=True)
class SecretReference:
    """`SCHEME:REST`, where a secret can be found; never the secret itself."""

    scheme: str
    rest: str

    @classmethod
    def parse(cls, text: str) -> SecretReference:
        """From the text of a spec; ValueError where there is no scheme or nothing after it."""
        scheme, colon, rest = text.partition(":")
        if not colon or not scheme or not rest:
            raise ValueError("a secret is a reference such as env:SMTP_PASS, never a value")
        return cls(scheme, rest)

    def __str__(self) -> str:
        return f"{self.scheme}:{self.rest}"


class Masked:
    """A secret value on its way from where it is kept to where it is used.

    It has no text form that shows it, can't be pickled, and is read by `reveal` alone.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one call that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "Masked(***)"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a secret is not to be pickled")
