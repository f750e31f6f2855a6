"""Which column of a table is which of the standard's: told by names, and by what columns hold.

First step of the database as a source of `init`; nothing here asks a database.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

KEY: Final = "config_key"
VALUE: Final = "config_value"

# Names that apps give to the standard's columns, the likeliest first; compared in lower case.
_SPELLINGS: Final[Mapping[str, tuple[str, ...]]] = {
    KEY: (
        *("config_key", "setting_key", "option_key", "param_key", "property_key", "conf_key"),
        *("key", "setting_name", "config_name", "option_name", "param_name", "property_name"),
        *("name", "setting", "parameter", "property", "option"),
    ),
    VALUE: (
        *("config_value", "setting_value", "option_value", "param_value", "property_value"),
        *("conf_value", "value", "val"),
    ),
    "config_type": (
        *("config_type", "setting_type", "value_type", "option_type", "param_type", "data_type"),
        *("datatype", "type"),
    ),
    "category": (
        *("category", "config_category", "setting_category", "config_group", "setting_group"),
        *("group_name", "section", "group"),
    ),
    "description": (
        *("description", "config_description", "setting_description", "help_text", "comment"),
    ),
    "is_sensitive": ("is_sensitive", "is_secret", "sensitive", "secret", "is_password"),
    "last_updated": (
        *("last_updated", "updated_at", "modified_at", "last_modified", "updated_on", "updated"),
        *("modified_on", "modified", "changed_at", "date_modified", "update_time"),
    ),
    "updated_by": (
        *("updated_by", "modified_by", "last_updated_by", "last_modified_by", "changed_by"),
    ),
    "created_at": (
        *("created_at", "created_on", "created", "date_created", "create_time", "inserted_at"),
    ),
}
# An app that keeps values in a cipher of its own says so in these; they are read and never written.
_CIPHERED: Final = frozenset(("is_encrypted", "encrypted"))
_TEXTS: Final = frozenset((KEY, VALUE, "config_type", "category", "description"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The standard's columns by the names that a table has for them; None: it lacks the column.

    `ciphered` is a column that says which values the app itself has encrypted.
    """

    names: Mapping[str, str | None]
    ciphered: str | None = None

    def differing(self) -> dict[str, str | None]:
        """Those that aren't called as in the standard: what `outputs.sql.columns` has to say."""
        return {standard: name for standard, name in self.names.items() if name != standard}


def match_columns(columns: Sequence[str], texts: Collection[str]) -> Columns | None:
    """The standard's columns among those of a table; None without a key and a value.

    `texts` are the columns that hold text, as keys and values have to.
    """
    lowered = {name.lower(): name for name in reversed(columns)}
    names: dict[str, str | None] = {}
    for standard, spellings in _SPELLINGS.items():
        found = (lowered[one] for one in spellings if one in lowered)
        names[standard] = next(
            (one for one in found if standard not in _TEXTS or one in texts), None
        )
    if names[KEY] is None or names[VALUE] is None:
        return None
    ciphered = next((lowered[one] for one in sorted(_CIPHERED) if one in lowered), None)
    return Columns(names=names, ciphered=ciphered)


def spellings(standard: str) -> Iterable[str]:
    """The names under which a column of the standard's is looked for."""
    return _SPELLINGS[standard]
