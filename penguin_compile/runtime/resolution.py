"""What one setting's value is and where it comes from: database over environment over default.

Between the rows of a snapshot and who reads it. A source whose text doesn't fit is passed over and
told once in the log, without its value.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from importlib.util import find_spec
from typing import Any, Final, NamedTuple

from penguin_compile.core.errors import PenguinError
from penguin_compile.core.suggestion import did_you_mean
from penguin_compile.live.config.sealing import Keyring, is_sealed, unseal
from penguin_compile.model.check import has_type, violations
from penguin_compile.model.setting import JsonValue, Setting, SettingType, Unset, parse_stored
from penguin_compile.runtime.manifest import Manifest
from penguin_compile.runtime.read_only import read_only

_LOG: Final = logging.getLogger("penguin_compile.runtime")
_TYPES: Final = frozenset(one.value for one in SettingType)
_TRUE: Final = frozenset(("1", "t", "true", "y", "yes", "on"))
_MASK: Final = "***SENSITIVE***"  # the standard's


class Source(StrEnum):
    """Where a value comes from."""

    DATABASE = "database"
    ENVIRONMENT = "environment"
    DEFAULT = "default"
    NOWHERE = "nowhere"


class UnknownSetting(PenguinError, AttributeError, KeyError):
    """Neither the spec nor the table has this key."""

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}; {self.hint}"


class SettingMissing(PenguinError):
    """A required key has no value anywhere."""

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}; {self.hint}"


class StoredRow(NamedTuple):
    """A row of the settings table; `type` and `sensitive` None where the table lacks them."""

    key: str
    value: object
    type: object
    sensitive: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What one source has to say: a value, or why it can't be used."""

    source: Source
    value: JsonValue = field(default=None, repr=False)
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """Knows the spec, the environment and the keys; rows are handed in."""

    manifest: Manifest
    variables: Mapping[str, str] = field(repr=False)
    keyring: Keyring | None
    _told: set[tuple[str, Source]] = field(default_factory=set, repr=False)

    def resolve(self, key: str, row: tuple[Any, ...] | None) -> Candidate:
        """The source that counts; UnknownSetting, SettingMissing."""
        setting = self.manifest.setting(key)
        if setting is None and row is None:
            near = did_you_mean(key, self.manifest.fields)
            raise UnknownSetting(f'{self.manifest.app} has no setting "{key}"', hint=near or None)
        for one in self.candidates(setting, row):
            if one.problem is None:
                return one
            self.tell(key, one)
        if setting is not None and setting.required:
            raise SettingMissing(
                f"the setting {key} is required and has no value",
                hint=f"set the variable {setting.variable}, or its row in {self.manifest.table}",
            )
        return Candidate(source=Source.NOWHERE)

    def candidates(self, setting: Setting | None, row: Any) -> Iterator[Candidate]:
        """What each source says that says anything, the one that counts first."""
        if row is not None:
            stored = StoredRow(*row)
            if stored.value is not None:
                yield self._of_row(setting, stored)
        if setting is None:
            return
        if text := self.variables.get(setting.variable):
            yield read_variable(setting, text)
        if not isinstance(setting.default, Unset):
            yield Candidate(source=Source.DEFAULT, value=read_only(setting.default))

    def is_sensitive(self, setting: Setting | None, row: Any) -> bool:
        """Whether spec or row say that the value is a secret, or its text is sealed."""
        if setting is not None and setting.sensitive:
            return True
        if row is None:
            return False
        stored = StoredRow(*row)
        return is_true(stored.sensitive) or is_sealed(text_of(stored.value))

    def explain(self, key: str, row: tuple[Any, ...] | None) -> str:
        """A few lines for people; a sensitive value is masked."""
        used = self.resolve(key, row)
        setting = self.manifest.setting(key)
        masked = self.is_sensitive(setting, row)
        lines = [f"{key} = {_show(used.value, masked=masked)}, {_PLACES[used.source]}"]
        for one in self.candidates(setting, row):
            said = one.problem or _show(one.value, masked=masked)
            mark = "used" if one == used else "not used"
            lines.append(f"  {one.source:<12} {mark:<9} {said}")
        return "\n".join(lines)

    def tell(self, key: str, candidate: Candidate) -> None:
        """Say once in the log why a source of a key is passed over."""
        if (key, candidate.source) not in self._told:
            self._told.add((key, candidate.source))
            where = candidate.source.value
            _LOG.warning("setting %s: the %s's value: %s", key, where, candidate.problem)

    def _of_row(self, setting: Setting | None, row: StoredRow) -> Candidate:
        text = text_of(row.value)
        if is_sealed(text):
            opened = _open(self.keyring, row.key, text)
            if opened is None:
                problem = "it is encrypted, and no key that is configured opens it"
                return Candidate(source=Source.DATABASE, problem=problem)
            text = opened
        kind = setting.type.value if setting is not None else text_of(row.type) or "string"
        return _parse(Source.DATABASE, kind, text)


_PLACES: Final = {
    Source.DATABASE: "from the database",
    Source.ENVIRONMENT: "from the environment",
    Source.DEFAULT: "the default",
    Source.NOWHERE: "which nothing gives a value",
}


def read_variable(setting: Setting, text: str) -> Candidate:
    """The value that a variable gives, by the type and the checks of the spec."""
    found = _parse(Source.ENVIRONMENT, setting.type.value, text)
    if found.problem is not None:
        return found
    broken = violations(_checkable(setting), found.value)
    return replace(found, problem="; ".join(broken)) if broken else found


def _checkable(setting: Setting) -> Setting:
    """The setting without a JSON Schema where nothing is installed that could check it."""
    check = setting.check
    if check is None or check.schema is None or find_spec("jsonschema_rs") is not None:
        return setting
    return replace(setting, check=replace(check, schema=None))


def _parse(source: Source, kind: str, text: str) -> Candidate:
    try:
        value = parse_stored(kind, text)
    except (ValueError, RecursionError):
        return Candidate(source=source, problem=f"it is no {kind}")
    if kind in _TYPES and not has_type(SettingType(kind), value):
        return Candidate(source=source, problem=f"it is no {kind}")
    return Candidate(source=source, value=read_only(value))


def _open(keyring: Keyring | None, key: str, text: str) -> str | None:
    try:
        return unseal(keyring, key, text)
    except ImportError:  # told as unreadable: without the package nothing opens
        return None


def _show(value: JsonValue, *, masked: bool) -> str:
    return _MASK if masked and value is not None else repr(value)


def text_of(value: object) -> str:
    """What a driver returned, as text; nothing for NULL."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", "surrogateescape")
    return "" if value is None else str(value)


def is_true(flag: object) -> bool:
    """A boolean as some database spells it: pyDAL's is `T`, MySQL's 1, NULL is false."""
    return flag is True or text_of(flag).strip().lower() in _TRUE
