"""A change of one thing in a spec changes, in every artifact, the lines that say it alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from penguin_compile.core.span import Source
from penguin_compile.report.line_diff import diff_lines
from penguin_compile.source.load import load_text
from penguin_compile.targets import TARGETS
from tests.models import ROOT, read_app, render

pytestmark = pytest.mark.slow
SPECS = sorted((ROOT / "spec").glob("*.yaml"))
MARK = "zq-new-zq"
NEW = {"type": "string", "default": MARK, "description": f"About {MARK}", "env": "ZQ_NEW"}
NEW_SECRET = {"sensitive": True, "secret": "env:ZQ_NEW", "description": MARK, "env": "ZQ_NEW"}
BRACKETS = re.compile(r"[\s\]\[{}(),|:-]*\Z")  # a comma that comes or goes before a neighbour
# what a variable of a Kubernetes container, and a key in a stub, says in lines of its own
REFERENCE = re.compile(
    r"\s*(valueFrom:|(configMap|secret)KeyRef:|name: \S+-(config|secrets)|optional: true"
    r"|@property|\.\.\.|\"{3}|/\*\*|\*/)\Z"
)


def tree_of(path: Any) -> dict[str, Any]:
    loaded = load_text(Source("app.yaml", path.read_text(encoding="utf-8")), path, [])
    assert loaded.document is not None
    return json.loads(json.dumps(loaded.document.root))


def artifacts(tree: dict[str, Any], environment: str) -> dict[str, str]:
    app = read_app(json.dumps(tree), environment)
    return {one.path: one.text for name in TARGETS for one in render(name, app).values()}


def changes(before: dict[str, str], tree: dict[str, Any], environment: str) -> Iterator[str]:
    """Each line that comes or goes, with its sign, and its file before it."""
    after = artifacts(tree, environment)
    assert after.keys() == before.keys()
    for path, old in before.items():
        for line in diff_lines(old, after[path]):
            if line[0] in "+-" and not BRACKETS.match(line[1:]) and not REFERENCE.match(line[1:]):
                yield f"{path}: {line}"


def noise(lines: list[str], said: set[str]) -> list[str]:
    return [one for one in lines if not any(word in one.partition(": ")[2] for word in said)]


def texts(value: Any) -> set[str]:
    """How artifacts may write a value: as itself, as JSON, and a line of it."""
    compact = json.dumps(value, ensure_ascii=False)
    lines = json.dumps(value, ensure_ascii=False, indent=2).splitlines()
    return {str(value), compact, *(one.strip(" ,") for one in lines)} - {""}


def another(value: Any) -> Any:
    """A default of the same type that its check takes, or is not asked about here."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, list):
        return [*value, MARK]
    if isinstance(value, dict):
        return {**value, MARK: True}
    return value + 1 if isinstance(value, int | float) else MARK


def parts(section: str) -> list[Any]:
    """Each key of a section of each example spec, in the first environment and the last."""
    found = []
    for path in SPECS:
        tree = tree_of(path)
        names = list(tree["environments"])
        found += [
            pytest.param(path, name, key, id=f"{path.stem}-{name}-{key}")
            for name in dict.fromkeys((names[0], names[-1]))
            for key in tree.get(section, {})
            if not key.startswith("x-")
        ]
    return found


@pytest.fixture(scope="module")
def compiled() -> Any:
    """The artifacts of a spec as it is, made once."""
    known: dict[tuple[Any, str], dict[str, str]] = {}

    def call(path: Any, environment: str) -> dict[str, str]:
        if (path, environment) not in known:
            known[path, environment] = artifacts(tree_of(path), environment)
        return known[path, environment]

    return call


@pytest.mark.parametrize("section", ["config", "variables"])
def test_there_is_something_to_change(section: str) -> None:
    assert len(parts(section)) > 10


@pytest.mark.parametrize(
    ("section", "path", "environment", "key"),
    [
        pytest.param(section, *one.values, id=f"{section}-{one.id}")
        for section in ("config", "variables")
        for one in parts(section)
    ],
)
def test_a_description_changes_its_own_lines(compiled, section, path, environment, key) -> None:
    tree = tree_of(path)
    declared = tree[section][key]
    said = {declared.get("description", MARK), MARK, key, declared.get("env", key.upper())}
    declared["description"] = MARK
    lines = list(changes(compiled(path, environment), tree, environment))
    assert noise(lines, said) == []
    signs = [one.partition(": ")[2][0] for one in lines]
    assert signs.count("+") == signs.count("-") > 0


@pytest.mark.parametrize(
    ("section", "path", "environment", "key"),
    [
        pytest.param(section, *one.values, id=f"{section}-{one.id}")
        for section in ("config", "variables")
        for one in parts(section)
        if "default" in tree_of(one.values[0])[section][one.values[2]]
    ],
)
def test_a_default_changes_its_own_lines(compiled, section, path, environment, key) -> None:
    tree = tree_of(path)
    declared = tree[section][key]
    old, declared["default"] = declared["default"], another(declared["default"])
    lines = list(changes(compiled(path, environment), tree, environment))
    said = {key, declared.get("env", key.upper()), *texts(old), *texts(declared["default"])}
    assert noise(lines, said) == []
    if not isinstance(old, list | dict):
        signs = [one.partition(": ")[2][0] for one in lines]
        assert signs.count("+") == signs.count("-")
    if environment == next(iter(tree["environments"])):
        assert lines


@pytest.mark.parametrize(("path", "environment", "key"), parts("config"))
@pytest.mark.parametrize("new", [NEW, NEW_SECRET], ids=["plain", "secret"])
def test_a_new_key_changes_no_line_of_another(compiled, path, environment, key, new) -> None:
    tree = tree_of(path)
    category = tree["config"][key].get("category", "system")
    config = {}
    for name, declared in tree["config"].items():
        config[name] = declared
        if name == key:
            config["zq_new"] = {**new, "category": category}
    tree["config"] = config
    before = compiled(path, environment)
    lines = list(changes(before, tree, environment))
    assert [one for one in lines if one.partition(": ")[2][0] == "-"] == []
    assert {one.partition("/")[0] for one in lines} >= {"sql", "env", "runtime", "docs"}
    sayings = [one for one in lines if not one.startswith("runtime/")]  # there, lines of a block
    assert noise(sayings, {"zq_new", "ZQ_NEW", MARK, "secret"}) == []


@pytest.mark.parametrize(
    ("path", "environment", "key"),
    # in the place of a key with an integration's variable comes the integration's own
    [one for one in parts("config") if not one.values[2].startswith("waddleai_")],
)
def test_a_key_that_goes_changes_no_line_of_another(compiled, path, environment, key) -> None:
    tree = tree_of(path)
    del tree["config"][key]
    for one in tree["environments"].values():
        one.get("overrides", {}).get("config", {}).pop(key, None)
    lines = list(changes(compiled(path, environment), tree, environment))
    assert [one for one in lines if one.partition(": ")[2][0] == "+"] == []
    assert lines
