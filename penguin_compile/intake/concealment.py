"""Secrets in the texts of a Compose file: each becomes a reference, its value is written nowhere.

Under `intake/drafting.py`. A value may stand in a variable, in a URL, behind a command's flag, in a
label: wherever it is, a variable of the deployment takes its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from penguin_compile.core.span import Span
from penguin_compile.intake.draft import Brought, Draft, DraftEntry
from penguin_compile.intake.interpolation import Part, Reference
from penguin_compile.intake.placement import Kind, Placement
from penguin_compile.intake.secrecy import Secrets, names_secret
from penguin_compile.rules.secrets import (
    is_known_secret,
    is_secret_text,
    recognise_credential,
    wants_change,
)

_URL_PASSWORD = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s/@:?#]*:(?P<value>[^\s/@]+)@")
_FLAG = re.compile(
    r"(?:^|(?<=[\s\"']))--?(?P<name>[A-Za-z][\w-]*)(?:=|\s+)[\"']?(?P<value>[^\s'\"-][^\s'\"]*)"
)
_ASSIGNMENT = re.compile(
    r"(?:^|(?<=[\s\"';&,]))(?P<name>[A-Za-z_][\w.-]*)[ \t]*[=:][ \t]*[\"']?(?P<value>[^\s'\",;]+)"
)
_REDIS = re.compile(r"\bredis-cli\b[^\n]*?\s-a\s+[\"']?(?P<value>[^\s'\"]+)")
_MYSQL = re.compile(
    r"\b(?:mysql|mysqladmin|mysqldump|mariadb|mariadb-admin)\b[^\n]*?\s-p[\"']?(?P<value>[^\s'\"]+)"
)
_WORD = re.compile(r"[^\s\"',;=]+")
_FLAG_ALONE = re.compile(r"--?(?P<name>[A-Za-z][\w-]*)\Z")
_BESIDES = frozenset(("requirepass", "masterauth", "pw", "pwd"))
_NOT_IN_NAMES = re.compile(r"[^A-Z0-9]+")
_LOCATOR = re.compile(r"_?(?:URL|URI|DSN|CONNECTION|STRING)\Z")
_HIDDEN_WHOLE = "password"
_ANYBODYS = frozenset(("PASSWORD", "PASS", "REQUIREPASS", "MASTERAUTH", "TOKEN", "SECRET", "KEY"))


class _Found(NamedTuple):
    start: int
    end: int
    hint: str


class Concealer:
    """Gives each secret a variable, and texts the references in their place."""

    def __init__(
        self,
        draft: Draft,
        placements: Mapping[str, Placement],
        secrets: Secrets,
        environment: Mapping[str, str],
    ) -> None:
        self._draft = draft
        self._placements = placements
        self._secrets = secrets
        self._environment = environment
        self._replaceable: dict[str, str] = {}
        self._carriers: dict[str, str] = {}

    def prepare(self) -> None:
        """Once all secrets of the files are known."""
        self._replaceable = self._secrets.replaceable()

    def carrier(self, hint: str, value: str, service: str | None, place: Span | None) -> str:
        """The variable that holds a value from now on; declared where it is new."""
        known = self._carriers.get(value)
        if known is not None and self._holds_now(known, value):
            return known
        hint = _name(hint)
        owner = _name(service or "")
        for name in self._candidates(hint, owner):
            if self._holds(name, value):
                break
        if name not in self._placements and name not in self._draft.variables:
            where = f"{place.path}:{place.line}" if place is not None else "the Compose file"
            self._draft.variables[name] = DraftEntry(
                name=name,
                keys={
                    "sensitive": True,
                    "secret": f"env:{name}",
                    "required": True,
                },
                heading="Secrets that stood in the Compose files themselves",
                comments=[f"its value stood in {where}"],
            )
        self.bring(name, value, "it stood in the Compose file as a literal", place)
        self._secrets.add(value, name)
        if not (is_known_secret("password", value) or wants_change(value)):
            self._carriers[value] = name
        return name

    def bring(self, name: str, value: str, reason: str, place: Span | None) -> None:
        """Note a value that a deployment has to set, unless its env file does already."""
        if not self._environment.get(name):
            self._draft.brought.setdefault(
                name, Brought(name=name, value=value, reason=reason, place=place)
            )

    def _candidates(self, hint: str, owner: str) -> Iterator[str]:
        qualified = hint if not owner or hint.startswith(f"{owner}_") else f"{owner}_{hint}"
        if hint not in _ANYBODYS or not owner:
            yield hint
        yield qualified
        number = 2
        while True:
            yield f"{qualified}_{number}"
            number += 1

    def _holds(self, name: str, value: str) -> bool:
        """Whether a variable can hold a value: it is new, or holds that value anyway."""
        known = self._environment.get(name)
        if known:
            placed = self._placements.get(name)
            return known == value and (placed is None or placed.sensitive)
        if name in self._draft.brought:
            return self._draft.brought[name].value == value
        placed = self._placements.get(name)
        if placed is None or placed.kind is Kind.TOOL:
            return True
        return placed.sensitive and placed.dropped in {None, value} and not placed.services

    def text(
        self, parts: Sequence[Part], hint: str, service: str | None, place: Span | None
    ) -> tuple[Part, ...]:
        """A text with references in the place of the secrets in it."""
        done: list[Part] = []
        for index, part in enumerate(parts):
            if isinstance(part, Reference):
                argument = self.text(part.argument, part.name, service, place)
                done.append(replace(part, argument=argument))
            else:
                before = "" if index == 0 or isinstance(parts[index - 1], str) else "\0"
                done.extend(self._literal(part, before, hint, service, place))
        return tuple(done)

    def words(
        self, words: Sequence[tuple[Part, ...]], hint: str, service: str | None, place: Span | None
    ) -> list[tuple[Part, ...]]:
        """A command in words: what follows a secret's flag is a secret, too."""
        done: list[tuple[Part, ...]] = []
        program = str(words[0][0]) if words and words[0] else ""
        flag: str | None = None
        for parts in words:
            plain = parts[0] if len(parts) == 1 and isinstance(parts[0], str) else None
            if plain is not None and flag is not None and is_secret_text(plain):
                done.append((Reference(self.carrier(flag, plain, service, place)),))
            else:
                done.append(self.text(parts, hint, service, place))
            flag = None if plain is None else _flag_of(plain, program, [str(one) for one in words])
        return done

    def value(
        self, name: str, parts: tuple[Part, ...], service: str | None, place: Span | None
    ) -> tuple[Part, ...]:
        """What stands under a name that may say it is a secret."""
        if len(parts) == 1 and isinstance(parts[0], str):
            text = parts[0]
            if names_secret(name.replace("-", "_").replace(".", "_")) and is_secret_text(text):
                return (Reference(self.carrier(name, text, service, place)),)
        return self.text(parts, name, service, place)

    def _literal(
        self, text: str, before: str, hint: str, service: str | None, place: Span | None
    ) -> Iterator[Part]:
        position = 0
        for found in self._find(text, hint, starts=not before):
            if found.start < position:
                continue
            if found.start > position:
                yield text[position : found.start]
            value = text[found.start : found.end]
            known = self._replaceable.get(value)
            if known is not None and self._holds_now(known, value):
                yield Reference(known)
            else:
                yield Reference(self.carrier(found.hint, value, service, place))
            position = found.end
        if position < len(text):
            yield text[position:]

    def _holds_now(self, name: str, value: str) -> bool:
        known = self._environment.get(name)
        brought = self._draft.brought.get(name)
        return (known or (brought.value if brought else None)) == value

    def _find(self, text: str, hint: str, *, starts: bool) -> list[_Found]:
        """Stretches that are secrets, in order; the longer of two at one place."""
        return sorted(
            [*_by_form(text, hint), *_by_name(text, starts=starts), *self._by_value(text)],
            key=lambda one: (one.start, -one.end),
        )

    def _by_value(self, text: str) -> Iterator[_Found]:
        for value in self._replaceable:
            start = text.find(value)
            while start >= 0:
                yield _Found(start, start + len(value), _HIDDEN_WHOLE)
                start = text.find(value, start + len(value))


def _by_form(text: str, hint: str) -> Iterator[_Found]:
    """Passwords in URLs, keys of known formats, and what the clients of databases are given."""
    url_hint = f"{_LOCATOR.sub('', _name(hint))}_PASSWORD"
    for match in _URL_PASSWORD.finditer(text):
        yield _Found(*match.span("value"), url_hint)
    for pattern in (_REDIS, _MYSQL):
        for match in pattern.finditer(text):
            yield _Found(*match.span("value"), _HIDDEN_WHOLE)
    for match in _WORD.finditer(text):
        if recognise_credential(match[0]) not in {None, "a URL with a password"}:
            yield _Found(*match.span(), f"{hint}_KEY")


def _by_name(text: str, *, starts: bool) -> Iterator[_Found]:
    """What follows a flag or a name that says secret; `starts`: no reference stands before it."""
    for pattern in (_FLAG, _ASSIGNMENT):
        for match in pattern.finditer(text):
            name = match["name"].replace("-", "_").replace(".", "_")
            if pattern is _ASSIGNMENT and not starts and match.start() == 0:
                continue
            secret = names_secret(name) or name.lower() in _BESIDES
            if secret and is_secret_text(match["value"]):
                yield _Found(*match.span("value"), name)


def _flag_of(word: str, program: str, words: Sequence[str]) -> str | None:
    """The name of a flag whose value comes next, where it is a secret's."""
    match = _FLAG_ALONE.match(word)
    if match is None:
        return None
    name = match["name"].replace("-", "_")
    if names_secret(name) or name.lower() in _BESIDES:
        return name
    if name == "a" and ("redis-cli" in program or any("redis-cli" in one for one in words)):
        return _HIDDEN_WHOLE
    return None


def _name(text: str) -> str:
    """A text as the name of a variable."""
    name = _NOT_IN_NAMES.sub("_", text.upper()).strip("_")
    return f"_{name}" if name[:1].isdigit() else name
