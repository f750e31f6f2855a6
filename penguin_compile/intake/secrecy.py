"""What in an app's files is a secret, and how its value is kept out of everything (`init`).

Guesses are those of the rules (`rules/secrets.py`), and some more: a text that is taken for a
secret costs a line in a deployment, one that is not taken for it is published.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from penguin_compile.core.diagnostic import Diagnostic, Related
from penguin_compile.core.span import Source, Span
from penguin_compile.rules.secrets import (
    is_known_secret,
    is_secret_text,
    recognise_credential,
    recognise_key,
    says_secret,
    wants_change,
)

_KEY_NAME = re.compile(
    r"(?:^|_)(?:ACCESS|API|APP|APPLICATION|AUTH|COOKIE|ENCRYPTION|FERNET|HMAC|INTEGRATION|JWT"
    r"|LICENSE|MANAGER|MASTER|PRIVATE|ROUTING|SERVICE|SESSION|SIGNING|SSH|STORAGE|WEBHOOK)_?KEY\Z"
    r"|(?:^|_)(?:SALT|DSN|WEBHOOK_URL|ENCRYPTIONKEY|PASSPHRASE)\Z|(?:^|_)PW\Z",
    re.IGNORECASE,
)
_PUBLIC = re.compile(r"public|publishable|(?:^|_)(?:FILE|PATH|DIR)\Z", re.IGNORECASE)
_SHORTEST_HIDDEN = 5
_SHORTEST_REPLACED = 8
_MASK = "***"
_URL_PASSWORD = re.compile(
    r"(?P<before>[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s/@:?#]*:)(?P<value>[^\s/@]+)(?=@)"
)


def names_secret(name: str) -> bool:
    """Whether a variable of that name is for secrets."""
    return says_secret(name) or (_KEY_NAME.search(name) is not None and not _PUBLIC.search(name))


def is_secret(name: str, values: Iterable[str]) -> bool:
    """Whether a variable is one, by its name and by every value that is known of it."""
    present = [one for one in values if one]
    if any(recognise_credential(one) or recognise_key(name, one) for one in present):
        return True
    if any(is_known_secret(name, one) for one in present):
        return True
    if not names_secret(name):
        return any(wants_change(one) for one in present)
    return not present or any(is_secret_text(one) for one in present)


class Secrets:
    """The values that were found to be secrets; what they are is told to nobody.

    `public` are texts that stand in the files for something else too: a password that is the app's
    own name can't be told from it.
    """

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._public: set[str] = set()

    def add(self, value: str, variable: str) -> None:
        """A value and the variable that will hold it."""
        if value and is_secret_text(value):
            self._values.setdefault(value, variable)

    def set_public(self, texts: Iterable[str]) -> None:
        """What must not be taken for a secret where it stands in other texts."""
        self._public.update(texts)

    def __contains__(self, value: str) -> bool:
        return value in self._values

    def redact(self, text: str) -> str:
        """A text for people without any of the values."""
        for value in self._hidden(_SHORTEST_HIDDEN):
            text = text.replace(value, _MASK)
        return _URL_PASSWORD.sub(lambda match: f"{match['before']}{_MASK}", text)

    def replaceable(self) -> dict[str, str]:
        """Values that can be nothing but the secret, wherever they stand: value → variable."""
        return {value: self._values[value] for value in self._hidden(_SHORTEST_REPLACED)}

    def _hidden(self, shortest: int) -> list[str]:
        every = [
            value
            for value in self._values
            if len(value) >= shortest
            and value not in self._public
            and not is_known_secret("password", value)
            and not wants_change(value)
        ]
        return sorted(every, key=len, reverse=True)

    def hide(self, findings: Iterable[Diagnostic]) -> list[Diagnostic]:
        """Complaints whose words and excerpts have none of the values."""
        shown: dict[int, Source] = {}

        def masked(span: Span) -> Span:
            source = span.source
            if id(source) not in shown:
                shown[id(source)] = Source(source.path, self._mask(source.text))
            return Span(shown[id(source)], span.start, span.end)

        return [
            replace(
                one,
                span=masked(one.span),
                message=self.redact(one.message),
                label=None if one.label is None else self.redact(one.label),
                help=None if one.help is None else self.redact(one.help),
                related=tuple(
                    Related(message=self.redact(each.message), span=masked(each.span))
                    for each in one.related
                ),
            )
            for one in findings
        ]

    def _mask(self, text: str) -> str:
        """As long as it was, stars where a value stands."""
        for value in sorted(self._values, key=len, reverse=True):
            if len(value) >= _SHORTEST_HIDDEN and value not in self._public:
                text = text.replace(value, _stars(value))
        return text


def _stars(value: str) -> str:
    return "".join(one if one in "\r\n" else "*" for one in value)
