"""What an admin does behind our back, in the folder of the fixture `shop`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import httpx

from penguin_compile.sandbox.server import Sandbox


def run_sql(statement: str, *values: object, file: str = "dev.db") -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as database, database:
        return database.execute(statement, values).fetchall()


def edit_row(key: str, value: str, who: str = "admin@example.com") -> None:
    run_sql(
        "UPDATE config SET config_value = ?, updated_by = ?, last_updated = '2026-11-20 10:12:13' "
        "WHERE config_key = ?",
        value,
        who,
        key,
    )


def delete_row(key: str) -> None:
    run_sql("DELETE FROM config WHERE config_key = ?", key)


def rows() -> dict[str, str]:
    return {
        str(key): str(value)
        for key, value in run_sql("SELECT config_key, config_value FROM config")
    }


def edit_service(sandbox: Sandbox, **fields: object) -> None:
    headers = {"Authorization": "Bearer test-key"}
    url = f"{sandbox.url}/api/v1/services"
    (service,) = httpx.get(url, headers=headers).json()["services"]
    body = {**service, **fields}
    assert httpx.put(f"{url}/{service['id']}", json=body, headers=headers).is_success


def live_service(sandbox: Sandbox) -> dict[str, object]:
    headers = {"Authorization": "Bearer test-key"}
    (service,) = httpx.get(f"{sandbox.url}/api/v1/services", headers=headers).json()["services"]
    found: dict[str, object] = service
    return found


def replace(spec: Path, old: str, new: str) -> None:
    text = spec.read_text()
    assert old in text
    spec.write_text(text.replace(old, new))
