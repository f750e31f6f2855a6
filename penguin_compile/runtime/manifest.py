"""The compiled manifest (target `runtime`): which settings there are, and in which table.

First step of the library for running apps. A key becomes a Setting when it is asked for, so that
an app of 100,000 keys starts as fast as one of ten.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from penguin_compile.core.errors import FileFailure
from penguin_compile.model.setting import UNSET, Check, Manage, Setting, SettingType

_FORMAT: Final = 1
_CHECKS: Final = {
    "min": "minimum",
    "max": "maximum",
    "minLength": "min_length",
    "maxLength": "max_length",
    "pattern": "pattern",
    "enum": "enum",
    "format": "format",
    "schema": "schema",
}
_COLUMNS: Final = ("config_key", "config_value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """An app's settings as the spec declares them, by key; `columns` by the standard's names."""

    app: str
    version: str
    table: str
    columns: Mapping[str, str | None]
    fields: Mapping[str, Mapping[str, Any]] = field(repr=False)
    _settings: dict[str, Setting] = field(default_factory=dict, repr=False)

    def __contains__(self, key: object) -> bool:
        return key in self.fields

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def setting(self, key: str) -> Setting | None:
        """What the spec declares of a key; None where it doesn't have it."""
        if key not in self._settings and key in self.fields:
            self._settings[key] = _setting(key, self.fields[key])
        return self._settings.get(key)

    def variables(self) -> Iterator[tuple[str, str]]:
        """Each key with the variable that may give its value."""
        return ((key, str(one["variable"])) for key, one in self.fields.items())


def read_manifest(path: str | Path) -> Manifest:
    """The manifest in a file; FileFailure where it can't be read or isn't one."""
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise FileFailure(f"{path} can't be read: {reason}", hint=_HINT) from None
    except ValueError:
        raise FileFailure(f"{path} is not JSON", hint=_HINT) from None
    return _manifest(document, path)


_HINT: Final = "give the path of runtime/manifest.json, which `penguin-compile compile` writes"


def _manifest(document: Any, path: str | Path) -> Manifest:
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise FileFailure(f"{path} is no manifest of format {_FORMAT}", hint=_HINT)
    try:
        manifest = Manifest(
            app=str(document["app"]),
            version=str(document["version"]),
            table=str(document["table"]["name"]),
            columns=dict(document["table"]["columns"]),
            fields=dict(document["keys"]),
        )
        for _key, _variable in manifest.variables():
            pass
    except (KeyError, TypeError, ValueError) as error:
        raise FileFailure(f"{path} is no whole manifest: {error}", hint=_HINT) from None
    if not all(manifest.columns.get(one) for one in _COLUMNS):
        raise FileFailure(f"{path} names no column of keys or of values", hint=_HINT)
    return manifest


def _setting(key: str, fields: Mapping[str, Any]) -> Setting:
    check = fields.get("check")
    return Setting(
        key=key,
        type=SettingType(fields["type"]),
        category=fields.get("category", "system"),
        description=fields.get("description"),
        variable=fields["variable"],
        default=fields.get("default", UNSET),
        check=None if check is None else _check(check),
        manage=Manage(fields.get("manage", "merge")),
        protected=False,
        sensitive=bool(fields.get("sensitive")),
        secret=None,
        required=bool(fields.get("required")),
    )


def _check(words: Mapping[str, Any]) -> Check:
    stated = {_CHECKS[word]: value for word, value in words.items()}
    if "enum" in stated:
        stated["enum"] = tuple(stated["enum"])
    return Check(**stated)
