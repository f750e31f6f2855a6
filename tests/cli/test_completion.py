"""Tab in real shells, set up by the line that `completion --help` shows for each."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from penguin_compile.cli.table import COMMANDS
from tests.cli.conftest import SPEC, Run
from tests.requirements import end_without

_PATIENCE = 20  # seconds; a shell that hangs has to end some time


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a spec, no start-up files, and the program on the path."""
    (tmp_path / "spec").mkdir()
    (tmp_path / "spec" / "shop.yaml").write_text(SPEC.replace("GATEWAY", "http://127.0.0.1:1"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    monkeypatch.delenv("ZDOTDIR", raising=False)
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shell(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        end_without("shells", f"{name} is not installed")
    return str(found)


def set_up(penguin: Run, name: str) -> str:
    """The line for a start-up file, as the help shows it."""
    lines = re.findall(r"Example: (.*completion .*)", penguin("completion", "--help").out)
    (line,) = (one for one in lines if f" {name}" in one)
    return str(line)


class Terminal:
    """A shell at a terminal, and somebody who types."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self.descriptor, text.encode())

    def wait_for(self, text: str) -> None:
        """Until the terminal shows it."""
        end = time.monotonic() + _PATIENCE
        while text not in self.seen:
            ready, _, _ = select.select([self.descriptor], [], [], max(end - time.monotonic(), 0))
            assert ready, f"no {text!r} in {self.seen!r}"
            self.seen += os.read(self.descriptor, 4096).decode(errors="replace")


@contextmanager
def terminal(*command: str) -> Iterator[Terminal]:
    process, descriptor = pty.fork()
    if process == 0:
        os.execv(command[0], command)  # the child is the shell from here on
    try:
        yield Terminal(descriptor)
    finally:
        os.close(descriptor)  # the shell is told that its terminal is gone
        os.waitpid(process, 0)


START = {
    "bash": (".bashrc", "", ("-i",)),
    "zsh": (".zshrc", "autoload -Uz compinit && compinit -u\n", ("-i",)),
}
TYPED = [
    ("penguin-compile promo\t", "te"),
    ("penguin-compile plan --detai\t", "led-exitcode"),
    ("penguin-compile plan --env pr\t", "od"),
    ("penguin-compile plan --env dev --app sh\t", "op"),
    ("penguin-compile compile --target kube\t", "rnetes"),
    ("penguin-compile why config/page\t", "_size"),
    ("penguin-compile explain app.ver\t", "sion"),
    ("penguin-compile validate sp\t", "ec/"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("typed", "rest"), TYPED)
@pytest.mark.parametrize("name", START)
def test_tab_finishes_the_word(penguin: Run, home: Path, name: str, typed: str, rest: str) -> None:
    program = shell(name)
    file, before, arguments = START[name]
    (home / file).write_text(f"{before}{set_up(penguin, name)}\nPS1='ready> '\n")
    with terminal(program, *arguments) as shown:
        shown.wait_for("ready> ")
        shown.type(typed)
        shown.wait_for(typed.rstrip("\t") + rest)


@pytest.mark.slow
def test_fish_lists_what_fits(penguin: Run, home: Path) -> None:
    program = shell("fish")
    config = home / ".config" / "fish" / "config.fish"
    config.parent.mkdir(parents=True)
    config.write_text(set_up(penguin, "fish") + "\n")
    asked = "".join(f"complete -C {typed.rstrip()!r}; " for typed, _ in TYPED)
    done = subprocess.run(
        [program, "-c", asked], capture_output=True, text=True, check=False, timeout=_PATIENCE
    )
    assert done.stderr == ""
    told = [line.split("\t")[0] for line in done.stdout.splitlines()]
    for typed, rest in TYPED:
        begun = typed.rstrip().split()[-1]
        assert any(one.startswith(begun + rest) for one in told), begun


def ask(monkeypatch: pytest.MonkeyPatch, words: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What the program answers to the script of bash."""
    from penguin_compile.cli.program import run

    monkeypatch.setenv("_PENGUIN_COMPILE_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        run([])
    assert left.value.code == 0
    told = capsys.readouterr()
    assert told.err == ""
    return told.out


def test_every_command_is_offered(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ask(monkeypatch, "penguin-compile ", capsys)
    assert told.split() == [f"plain,{one}" for one in COMMANDS]


def test_options_of_the_program_and_its_folder_count(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir("/")
    told = ask(monkeypatch, f"penguin-compile -C {home} plan --env ", capsys)
    assert told.split() == ["plain,dev", "plain,prod"]


@pytest.mark.parametrize(
    ("words", "spec"),
    [
        ("penguin-compile plan --env ", None),
        ("penguin-compile plan --env ", "penguin: [\n"),
        ("penguin-compile plan --env ", "- a list\n"),
        ("penguin-compile plan missing.yaml --app ", "penguin: 1\napp: nothing\n"),
        ("penguin-compile why config/", "penguin: 1\nconfig: nothing\n"),
        ("penguin-compile nonsense --f", "penguin: 1\n"),
    ],
)
def test_a_spec_that_cannot_be_read_is_no_reason_to_complain(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: str,
    spec: str | None,
) -> None:
    (home / "spec" / "shop.yaml").unlink()
    if spec is not None:
        (home / "spec" / "shop.yaml").write_text(spec)
    assert ask(monkeypatch, words, capsys).split() == []
