"""`compile --watch`: a saved spec is compiled, a broken one is told, Ctrl-C ends it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PATIENCE = 20.0


@pytest.fixture
def watcher(shop: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "penguin_compile", "compile", "--watch"]
    with (
        Path("told").open("wb") as told,
        subprocess.Popen(command, stdout=told, stderr=subprocess.STDOUT) as process,
    ):
        yield process
        process.kill()


def wait_for(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def told(text: str) -> Callable[[], bool]:
    return lambda: text in Path("told").read_text()


def settings(text: str) -> Callable[[], bool]:
    seeds = Path("generated/shop/dev/sql/sqlite/02_config_seed.sql")
    return lambda: seeds.exists() and text in seeds.read_text()


@pytest.mark.slow
def test_until_ctrl_c(shop: Path, watcher: subprocess.Popen[bytes]) -> None:
    waiting = "waiting for a change"
    assert wait_for(told(waiting))
    assert settings("'light'")()
    spec = shop.read_text()
    shop.write_text(spec.replace("default: light", "default: dark"))
    assert wait_for(settings("'dark'"))
    shop.write_text(spec.replace("to: [api]", "to: [apy]"))
    assert wait_for(told("error[PC201]"))
    shop.unlink()
    assert wait_for(told("there is no spec in the folder spec"))
    part = Path("spec/parts/theme.yaml")
    part.parent.mkdir()
    part.write_text("config: {motto: {default: hello, description: Motto}}\n")
    shop.write_text(spec + "imports: [./parts/theme.yaml]\n")
    assert wait_for(settings("'hello'"))
    assert wait_for(lambda: Path("told").read_text().count(waiting) == 5)
    part.write_text("config: {motto: {default: goodbye, description: Motto}}\n")
    assert wait_for(settings("'goodbye'"))
    watcher.send_signal(signal.SIGINT)
    assert watcher.wait(PATIENCE) == 130
    assert "Traceback" not in Path("told").read_text()
