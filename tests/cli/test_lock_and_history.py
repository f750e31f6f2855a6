"""What an operator asks after something went wrong: who holds the lock, and what was applied."""

from __future__ import annotations

import json
import re
from pathlib import Path

from penguin_compile.live.config.database import Database
from penguin_compile.sandbox.server import Sandbox
from penguin_compile.sync.lock import hold_lock
from penguin_compile.sync.state import open_state
from tests.cli.conftest import Run


def test_a_second_apply_is_told_who_holds_the_lock_and_what_to_type(
    penguin: Run, shop: Path
) -> None:
    state = open_state("shop", "dev", database=Database("sqlite:///dev.db"))
    with hold_lock(state, holder="ops@example.com"):
        refused = penguin("apply", "--env", "dev", "--yes")
        assert refused.code == 6
        assert "ops@example.com" in refused.err
        (line,) = re.findall(r"penguin-compile (unlock \S+ --env dev)", refused.err)
        freed = penguin(*line.split())
        assert freed.code == 0
        assert "ops@example.com" in freed.out
        assert penguin("apply", "--env", "dev", "--yes").code == 0
    assert penguin("unlock", "nothing", "--env", "dev").code == 1


def test_history_lists_revisions_newest_first(penguin: Run, shop: Path) -> None:
    empty = penguin("history", "--env", "dev")
    assert (empty.code, empty.out) == (0, "")
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    shop.write_text(shop.read_text().replace("default: 20", "default: 50"))
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    lines = penguin("history", "--env", "dev").out.splitlines()
    assert lines[0].split()[:3] == ["REVISION", "STARTED", "STATUS"]
    assert [(one.split()[0], one.split()[3]) for one in lines[1:]] == [("2", "done"), ("1", "done")]


def test_a_lock_of_another_id_is_told_with_its_holder(penguin: Run, shop: Path) -> None:
    state = open_state("shop", "dev", database=Database("sqlite:///dev.db"))
    with hold_lock(state, holder="ops@example.com") as lock:
        refused = penguin("unlock", "zz", "--env", "dev")
        assert refused.code == 1
        assert "held by ops@example.com" in refused.err
        assert f"penguin-compile unlock {lock.id} --env dev" in refused.err


def test_history_as_json_counts_what_became_of_the_changes(
    penguin: Run, shop: Path, sandbox: Sandbox
) -> None:
    def read() -> list[dict[str, object]]:
        data = json.loads(penguin("history", "--env", "dev", "--format", "json").out)
        assert (data["app"], data["environment"]) == ("shop", "dev")
        found: list[dict[str, object]] = data["revisions"]
        return found

    assert read() == []
    sandbox.faults.add("POST /services:500:x1")
    assert penguin("apply", "--env", "dev", "--yes").code == 7
    (revision,) = read()
    assert (revision["id"], revision["status"], revision["note"]) == (1, "partial", None)
    assert revision["changes"] == {"done": 2, "failed": 1, "skipped": 1}
    text = penguin("history", "--env", "dev")
    assert "2 done, 1 failed, 1 skipped" in text.out
    assert "revision 1 was not finished: penguin-compile apply --env dev" in text.err
