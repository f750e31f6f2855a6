"""The last look at artifacts before they are written: JSON by its schema, SQL by running it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from functools import cache
from typing import Any

from penguin_compile.core.errors import PenguinError
from penguin_compile.core.published_schema import read_schema
from penguin_compile.targets.target import Artifact

_SCHEMAS = {
    "marchproxy/services.json": "marchproxy-services.schema.json",
    "marchproxy/mappings.json": "marchproxy-mappings.schema.json",
    "marchproxy/import-config.json": "marchproxy-import-config.schema.json",
    "license/entitlements.json": "license-entitlements.schema.json",
    "telemetry/metrics.json": "telemetry-metrics.schema.json",
    "telemetry/log-schema.json": "telemetry-log-schema.schema.json",
    "telemetry/grafana-dashboard.json": "telemetry-grafana-dashboard.schema.json",
    "runtime/manifest.json": "runtime-manifest.schema.json",
}
_PYTHON = ("pydal/config_table.py", "python/settings.pyi")
_SQLITE = ("sql/sqlite/01_schema.sql", "sql/sqlite/02_config_seed.sql")


def check_artifacts(artifacts: Iterable[Artifact]) -> None:
    """PenguinError for the first artifact that its reader would refuse."""
    texts = {one.path: one.text for one in artifacts}
    for path, schema in _SCHEMAS.items():
        if path in texts:
            _check_json(path, texts[path], schema)
    for path in _PYTHON:
        if path in texts:
            _check_python(path, texts[path])
    if all(path in texts for path in _SQLITE):
        _check_sql(texts)


def _check_json(path: str, text: str, schema: str) -> None:
    import orjson

    try:
        document = orjson.loads(text)
    except ValueError as error:
        raise _wrong(path, f"it is not JSON: {error}") from None
    problem = next(iter(_validator(schema).iter_errors(document)), None)
    if problem is not None:
        raise _wrong(path, _describe(document, problem))


def _describe(document: Any, problem: Any) -> str:
    """What is wrong, and of which service or route it is told."""
    node, name = document, None
    for step in problem.instance_path:
        node = node[step]
        if isinstance(node, dict):
            name = node.get("name", name)
    where = f'"{name}": ' if name else ""
    return f"{where}{problem.message}"


def _wrong(path: str, problem: str) -> PenguinError:
    return PenguinError(
        f"{path} would be wrong: {problem}",
        hint="nothing was written; mend the spec there, and tell the authors of penguin-compile:"
        " validate should have found it",
    )


@cache
def _validator(schema: str) -> Any:
    import jsonschema_rs

    return jsonschema_rs.validator_for(read_schema(schema), retriever=read_schema)


def _check_python(path: str, text: str) -> None:
    try:
        compile(text, path, "exec")
    except (SyntaxError, ValueError) as error:
        raise _wrong(path, f"Python refuses it: {error}") from None


def _check_sql(texts: dict[str, str]) -> None:
    """Schema and seeds, run on a database in memory."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for path in _SQLITE:
            try:
                connection.executescript(texts[path])
            except sqlite3.Error as error:
                raise _wrong(path, f"SQLite refuses it: {error}") from None
