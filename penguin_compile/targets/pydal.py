"""Target `pydal` (off by default): the table of the settings, for apps that read it with pyDAL.

The definition is that of integration-standards, "PyDAL Table Definition", its category list
complete, over the table that target `sql` creates: names differ where the spec says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from penguin_compile.model.app import App, ConfigTable
from penguin_compile.targets.heading import heading
from penguin_compile.targets.runtime import categories
from penguin_compile.targets.target import Artifact, Placement, Target

TABLE = "config"
STORED_TYPES = ("string", "integer", "boolean", "json")  # the standard's; a number is json
_FIELDS = {
    "config_key": '"string", length=255, unique=True, required=True',
    "config_value": '"text", required=True',
    "config_type": '"string", length=50, requires=IS_IN_SET(CONFIG_TYPES)',
    "category": '"string", length=100, requires=IS_IN_SET(CATEGORIES)',
    "description": '"text"',
    "is_sensitive": "BOOLEAN, default=False",
    "last_updated": '"datetime", default=now, update=now',
    "updated_by": '"string", length=255',
    "created_at": '"datetime", default=now',
}
_BEFORE = """
from datetime import datetime, timezone

from pydal import Field, SQLCustomType
from pydal.validators import IS_IN_SET
"""
_AFTER = '''

def now():
    """The time in UTC, without a zone: the columns have none."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


# The database's own boolean: pyDAL's is a letter, and takes a stored 1 for false.
BOOLEAN = SQLCustomType(
    type="boolean",
    native="BOOLEAN",
    encoder=lambda value: "TRUE" if value else "FALSE",
    decoder=lambda value: str(value)[:1].lower() in {"1", "t"},
)


def define_config(db, migrate=False):
    """Define the table in a DAL; with `migrate`, pyDAL creates it where `sql/` has not.

    For MySQL, end the DAL's address with `?set_encoding=utf8mb4`: pyDAL's own `utf8` knows no
    characters of four bytes, and reads each of them as a question mark.
    """
'''


def render(app: App, placement: Placement) -> Iterator[Artifact]:
    """A module with `define_config(db)`."""
    lines = [
        f"# {heading(placement)}",
        f'"""Table `{TABLE}` of {app.name}: its run-time settings, for pyDAL."""',
        *_BEFORE.splitlines(),
        "",
        *_names("CONFIG_TYPES", STORED_TYPES),
        *_names("CATEGORIES", categories(app)),
        *_AFTER.splitlines(),
        *_definition(app.outputs.config_table),
    ]
    yield Artifact(path="pydal/config_table.py", text="\n".join([*lines, ""]))


def _names(name: str, values: Iterable[str]) -> Iterator[str]:
    yield f"{name} = ["
    for value in values:
        yield f"    {value!r},"
    yield "]"


def _definition(table: ConfigTable) -> Iterator[str]:
    """The call, by the standard's names; what the database calls otherwise has an `rname`."""
    renamed = table.name != TABLE
    if renamed or any(name != column for name, column in table.columns.items() if column):
        yield "    dialect = db._adapter.dialect"
    yield "    return db.define_table("
    yield f'        "{TABLE}",'
    for name, options in _FIELDS.items():
        column = table.columns[name]
        if column is not None:
            other = "" if column == name else f', rname=dialect.quote("{column}")'
            yield f'        Field("{name}", {options}{other}),'
    if renamed:
        yield f'        rname=dialect.quote("{table.name}"),'
        yield f'        sequence_name=dialect.sequence_name("{table.name}"),'
    yield "        migrate=migrate,"
    yield "    )"


TARGET = Target(
    name="pydal",
    render=render,
    renders=frozenset(("setting",)),
    ignores={
        "service": "services are no rows of the config table",
        "route": "routes are no rows of the config table",
        "variable": "variables that are no config keys are not stored in the database",
        "tier": "the license server holds the tiers",
        "feature": "the license server holds the features",
        "metric": "metrics are no rows of the config table",
        "waddleai": "its variables are no rows unless config keys bring them",
    },
    owns=("pydal/",),
    default=False,
)
