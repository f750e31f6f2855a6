"""The pictures of the terminal: whole, of our own commands, and fetching nothing."""

from __future__ import annotations

import json
import re
import shlex
from xml.etree import ElementTree as ET

import pytest

from penguin_compile.cli.table import COMMANDS
from tests.docs.pages import DOCS

EVENTS = [json.loads(one) for one in (DOCS / "demo.cast").read_text("utf-8").splitlines()]
PICTURES = sorted([*DOCS.glob("*.svg"), *DOCS.glob("assets/*.svg")])


def test_the_recording_is_an_asciicast_of_a_minute() -> None:
    header, *events = EVENTS
    assert (header["version"], header["width"]) == (2, 100)
    times = [at for at, kind, _ in events if kind == "o"]
    assert len(times) == len(events)
    assert times == sorted(times)
    assert 45 < times[-1] < 75


def test_it_shows_each_command_of_the_demo() -> None:
    text = re.sub(r"\x1b\[[0-9;]*m", "", "".join(one[2] for one in EVENTS[1:]))
    script = (DOCS / "demo.sh").read_text(encoding="utf-8")
    commands = re.findall(r"^run (penguin-compile .*)$", script, re.MULTILINE)
    assert len(commands) > 7
    position = 0
    for command in commands:
        assert shlex.split(command)[1] in COMMANDS
        position = text.index(f"$ {command}\r\n", position)
    assert "error" not in text
    assert "Traceback" not in text
    picture = (DOCS / "demo.svg").read_text(encoding="utf-8")
    assert all(f"$ {one}<" in picture for one in commands)


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_a_picture_has_a_ground_of_its_own_and_fetches_nothing(path) -> None:
    """So that it can be read on a dark page, too."""
    text = path.read_text(encoding="utf-8")
    root = ET.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    ground = next(one for one in root.iter("{http://www.w3.org/2000/svg}rect"))
    assert ground.get("fill", ".card { fill") != "none"
    assert re.findall(r"(?:href|src)=|url\((?!#)|@import|<script", text) == []
