"""What other tools are given: hooks for pre-commit, a problem matcher for GitHub's logs."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from penguin_compile.cli.table import COMMANDS
from tests.cli.conftest import Run

ROOT = Path(__file__).resolve().parents[2]
HOOKS: list[dict[str, Any]] = YAML(typ="safe").load(
    (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
)
MATCHERS: list[dict[str, Any]] = json.loads(
    (ROOT / ".github" / "penguin-compile-problem-matcher.json").read_text(encoding="utf-8")
)["problemMatcher"]


CHECKS = [one for one in HOOKS if one["id"] != "penguin-compile-fmt"]


def test_the_hook_that_formats_is_given_the_files_that_changed(penguin: Run, shop: Path) -> None:
    (hook,) = [one for one in HOOKS if one not in CHECKS]
    assert hook["pass_filenames"]
    _, *command = shlex.split(hook["entry"])
    shop.write_text(shop.read_text().replace("penguin: 1", "penguin:     1"))
    assert penguin(*command, "spec/shop.yaml").code == 0
    assert shop.read_text().startswith("penguin: 1\n")
    assert penguin(*command, "--check", "spec/shop.yaml").code == 0


@pytest.mark.parametrize("hook", CHECKS, ids=lambda hook: hook["id"])
def test_each_hook_passes_on_a_fresh_folder_and_fails_on_a_broken_one(
    hook: dict[str, Any], penguin: Run, shop: Path
) -> None:
    assert {"id", "name", "description", "entry", "language", "files"} <= hook.keys()
    program, command, *options = shlex.split(hook["entry"])
    assert (program, command in COMMANDS) == ("penguin-compile", True)
    assert re.search(hook["files"], "spec/shop.yaml")
    assert not re.search(hook["files"], "docs/spec/shop.txt")
    assert not hook["pass_filenames"], "a fragment is no spec"
    penguin("compile")
    assert penguin(command, *options).code == 0
    shop.write_text(shop.read_text().replace("port: 8080", "port:   80800"))
    assert penguin(command, *options).code in {1, 2}


def matched(text: str) -> Iterator[dict[str, str]]:
    """What GitHub's runner finds in a log: the patterns of a matcher fit lines that follow on."""
    lines = text.splitlines()
    for number in range(len(lines)):
        for matcher in MATCHERS:
            patterns = matcher["pattern"]
            found = [
                re.search(pattern["regexp"], line)
                for pattern, line in zip(patterns, lines[number:], strict=False)
            ]
            if len(found) == len(patterns) and all(found):
                yield read_groups(matcher, found)


def read_groups(matcher: dict[str, Any], found: list[re.Match[str] | None]) -> dict[str, str]:
    problem = {"severity": matcher.get("severity", "error")}
    for pattern, match in zip(matcher["pattern"], found, strict=True):
        groups = pattern.items() - {("regexp", pattern["regexp"])}
        problem |= {name: str(match[group]) for name, group in groups if match is not None}
    return problem


def test_the_problem_matcher_finds_every_finding_once(
    penguin: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    examples = Path("penguin_compile/rules/examples")
    specs = sorted(str(one) for one in examples.glob("PC2*/bad.yaml"))
    specs += sorted(str(one) for one in examples.glob("PC[34]*/bad.yaml"))
    specs.append("tests/golden/complaints/everything_wrong.yaml")
    arguments = ("validate", *specs, "--max-findings", 10_000)
    problems = list(matched(penguin(*arguments).out))
    findings = json.loads(penguin(*arguments, "--format", "json").out)["findings"]
    assert {one["severity"] for one in findings} == {"error", "warning", "info"}
    assert sorted(place(one) for one in problems) == sorted(place(one) for one in findings)
    told = {one["message"].partition(" (in")[0] for one in problems}
    for one in told:
        assert any(finding["message"].startswith(one) for finding in findings), one


def place(finding: dict[str, Any]) -> tuple[str, ...]:
    severity = finding["severity"].replace("notice", "info")
    where = (finding.get("path", finding.get("file")), finding["line"], finding["column"])
    return (severity, finding["code"], *map(str, where))


def test_the_names_of_matchers_differ() -> None:
    owners = [one["owner"] for one in MATCHERS]
    assert len(set(owners)) == len(owners)
