"""On a terminal apply shows how far it is; anywhere else it doesn't."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run

COMMAND = [sys.executable, "-m", "penguin_compile", "apply", "--env", "dev", "--yes"]


@pytest.mark.slow
def test_a_bar_on_a_terminal_alone(shop: Path, penguin: Run) -> None:
    keys = "".join(f"  key_{number}: {{default: x, description: d}}\n" for number in range(20))
    shop.write_text(shop.read_text().replace("config:\n", f"config:\n{keys}"))
    controller, terminal = pty.openpty()
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=terminal) as process:
        os.close(terminal)
        shown = b""
        try:
            while part := os.read(controller, 4096):
                shown += part
        except OSError:  # the other end is closed
            pass
        assert process.wait() == 0
    os.close(controller)
    text = shown.decode()
    assert "applying" in text
    assert "24/24" in text  # 20 keys, theme and page_size, one service, one route
    assert "a second" in text
    again = penguin("apply", "--env", "dev", "--yes", "--keep-live", "config/theme")
    assert "applying" not in again.err
