"""A page followed to the letter, at a terminal of 80 columns.

What a block says is done with it. `console` is typed, line by line behind `$ `, and has to print
what stands below, where `…` stands for anything, on a line of its own for lines. Behind
`# exit code N` it has to end so; a line that ends with `[y/N]: y` is answered. A second terminal's
block runs until the page ends. A block whose title is a file's name is that file, and `diff`
changes it.
"""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs.pages import Block

SECOND_TERMINAL = "a second terminal"
SHOWN_GATEWAY = "127.0.0.1:8000"
_PATIENCE = 60  # seconds; what hangs has to end some time
_ANSWERED = re.compile(r"\[y/N\]: y$")
_EXIT_CODE = re.compile(r"\s+# exit code (\d+)$")
# What differs from one run to the next, and what a reader sees of it.
_VARIES = (
    (re.compile(r"\b[0-9a-f]{6}(?= +(\d+ |ledger only))"), "3f9c1d"),
    (re.compile(r"\bspec( +)[0-9a-f]{6}\b"), r"spec\g<1>3f9c1d"),
    (re.compile(r"\bsecret [0-9a-f]{8}\b"), "secret 7d1a2c90"),
    (re.compile(r"\bSQLite 3[0-9.]+"), "SQLite 3.40.1"),
    (re.compile(r"\bversion 00\d\d\b"), "version 0002"),
    (re.compile(r"\bpenguin-compile \d+\.\d+\.\d+\S*"), "penguin-compile 0.1.0"),
    (re.compile(r"\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\b"), "2026-11-20 09:30:12"),
    (re.compile(r"\b20\d\d-\d\d-\d\d \d\d:\d\d\b"), "2026-11-20 09:30"),
    (re.compile(r"\b20\d\d-\d\d-\d\d\b"), "2026-11-20"),
)


@dataclass
class Step:
    """A command as it stands on the page, and what it is shown to print."""

    command: str
    shown: list[str] = field(default_factory=list)

    @property
    def code(self) -> int:
        found = _EXIT_CODE.search(self.command)
        return int(found[1]) if found else 0


def steps_of(block: Block) -> list[Step]:
    """Each command with the lines below it."""
    steps: list[Step] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            steps.append(Step(line[2:]))
        elif line.startswith("> "):
            steps[-1].command += f"\n{line[2:]}"
        else:
            steps[-1].shown.append(line)
    return steps


@dataclass
class Walkthrough:
    """A reader's folder, environment and terminals."""

    folder: Path
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    second: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._state = self.folder.parent / f"{self.folder.name}.state"
        self._state.write_text(f"cd {self.folder}\n")
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.folder.parent),
            "LOGNAME": "ada",
            "LANG": "C.UTF-8",
            "COLUMNS": "80",
            "NO_COLOR": "1",
            "PENGUIN_COMPILE_PORT": str(self.port),
            **self.environment,
        }

    def follow(self, block: Block) -> list[tuple[Step, list[str]]]:
        """Do what a block says; what each of its commands printed."""
        if block.language == "console" and block.title == SECOND_TERMINAL:
            (step,) = steps_of(block)
            self._open_second(step.command)
            return []
        if block.language == "console":
            return [(step, self.run(step)) for step in steps_of(block)]
        if block.language == "diff":
            self._change(block)
        elif block.title is not None and not block.title.startswith("in "):
            self.write(block.title, block.text)
        return []

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._here(text), encoding="utf-8")

    def run(self, step: Step) -> list[str]:
        """Type a command; the lines that it printed. AssertionError for another exit code."""
        state = self._state
        keep = f"{{ export -p; echo \"cd '$PWD'\"; }} >{state}"  # for the next command
        script = f". {state}\n{step.command}\ncode=$?\n{keep}\nexit $code"
        answers = sum(bool(_ANSWERED.search(line)) for line in step.shown)
        code, text = self._at_terminal(["bash", "-c", script], answers)
        assert code == step.code, f"$ {step.command}\n{text}\nended with {code}"
        return text.replace(f"127.0.0.1:{self.port}", SHOWN_GATEWAY).splitlines()

    def close(self) -> None:
        """Close the second terminals."""
        for one in self.second:
            one.send_signal(signal.SIGINT)
        for one in self.second:
            one.communicate(timeout=_PATIENCE)

    def _here(self, text: str) -> str:
        return text.replace(SHOWN_GATEWAY, f"127.0.0.1:{self.port}")

    def _change(self, block: Block) -> None:
        assert block.title is not None
        path = self.folder / block.title
        lines = self._here(block.text).splitlines(keepends=True)
        old = "".join(one[1:] for one in lines if one[0] in " -")
        new = "".join(one[1:] for one in lines if one[0] in " +")
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{block.title} doesn't have, once:\n{old}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def _open_second(self, command: str) -> None:
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=self.folder,
            env={**self.environment, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.second.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()  # it says where it listens, once it does
        assert str(self.port) in line, line

    def _at_terminal(self, command: list[str], answers: int) -> tuple[int, str]:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        seen, given, end = "", 0, time.monotonic() + _PATIENCE
        try:
            for piece in _pieces(ours, end):
                seen += piece
                if given < answers and seen.count("[y/N]: ") > given:
                    os.write(ours, b"y\n")
                    given += 1
        finally:
            os.close(ours)
            process.kill() if time.monotonic() > end else None
        return process.wait(_PATIENCE), seen.replace("\r\n", "\n")


def _pieces(descriptor: int, end: float) -> Iterator[str]:
    """What a terminal shows, until nobody is there any more."""
    rest = b""
    while select.select([descriptor], [], [], max(end - time.monotonic(), 0))[0]:
        try:
            data = os.read(descriptor, 65536)
        except OSError:  # how Linux says that the other end is closed
            return
        if not data:
            return
        rest += data
        try:
            yield rest.decode()
            rest = b""
        except UnicodeDecodeError:  # in the middle of a character
            continue


def settled(line: str) -> str:
    """A line without what differs from run to run."""
    for pattern, text in _VARIES:
        line = pattern.sub(text, line)
    return line.rstrip()


def agrees(shown: list[str], printed: list[str]) -> bool:
    """Whether the lines are those that were printed; `…` on a line of its own skips some."""
    told = [settled(one) for one in printed]
    pattern = "".join(
        r"(?:.*\n)*?" if one.strip() == "…" else _line_pattern(settled(one)) + r"\n"
        for one in shown
    )
    return re.fullmatch(pattern, "".join(f"{one}\n" for one in told)) is not None


def _line_pattern(line: str) -> str:
    return ".*".join(re.escape(one) for one in line.split("…"))
