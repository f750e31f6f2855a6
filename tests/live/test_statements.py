"""A small change of a large table takes few statements, and however many keys there are."""

from __future__ import annotations

from sqlalchemy import event

from penguin_compile.core.pointer import format_dotted
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.session import open_session
from tests.models import read_app

READING = ("SELECT", "PRAGMA", "DESCRIBE", "SHOW", "SAVEPOINT", "RELEASE", "BEGIN")
MOST = 12  # beside reading


def read_shop(url: str, keys: int, changed: int) -> object:
    lines = [
        f"  key_{n}: {{type: integer, default: {n + 1000 * (n < changed)}, description: d}}"
        for n in range(keys)
    ]
    spec = "\n".join(["penguin: 1", 'app: {name: shop, version: "1"}', "config:", *lines])
    return read_app(f"{spec}\nenvironments: {{default: {{database: {{url: '{url}'}}}}}}\n")


def apply(url: str, keys: int, changed: int) -> list[str]:
    """The statements that write, each counted once for all the rows that it is sent."""
    sent: list[str] = []
    with open_session(read_shop(url, keys, changed), "0" * 64, format_dotted) as session:
        plan = session.plan(Decisions())
        engine = session.database._writer

        @event.listens_for(engine, "before_cursor_execute")
        def note(_connection, _cursor, statement, *_rest):
            if not statement.lstrip().upper().startswith(READING):
                sent.append(statement)

        outcome = session.apply(plan, plan_text="{}")
        assert len(outcome.done) == sum(one.action.value != "none" for one in plan.changes)
    return sent


def test_ten_changes_among_many(database_url):
    apply(database_url, 600, 0)
    ten = apply(database_url, 600, 10)
    assert 0 < len(ten) <= MOST, ten


def test_rows_do_not_add_statements(database_url, tmp_path):
    apply(database_url, 40, 0)
    assert len(apply(database_url, 40, 30)) <= MOST
