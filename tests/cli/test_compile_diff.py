"""`compile --diff`: what a reviewer sees in a terminal, and on a pull request."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from penguin_compile.report.markdown_comment import LONGEST
from tests.cli.conftest import Run

READER = MarkdownIt("commonmark").enable("table")
HOME = Path("generated/shop")
DIFF = ("compile", "--check", "--diff")
MARKDOWN = (*DIFF, "--format", "markdown")


@pytest.fixture
def compiled(penguin: Run, shop: Path) -> Path:
    """The spec, after everything that it says was written."""
    assert penguin("compile").code == 0
    return shop


def change(spec: Path, old: str, new: str) -> None:
    text = spec.read_text()
    assert old in text
    spec.write_text(text.replace(old, new))


def headings(text: str) -> list[str]:
    return [one for one in text.splitlines() if re.match(r"\S+ · ", one)]


def fences(text: str) -> list[str]:
    """The content of each block of a comment of which every part is closed."""
    assert len(text) <= LONGEST
    tokens = READER.parse(text)
    depth = 0
    for token in tokens:
        if token.type == "html_block":
            depth += token.content.count("<details>") - token.content.count("</details>")
            assert depth in {0, 1}
        assert token.type != "fence" or depth == 1
    assert depth == 0
    found = [one for one in tokens if one.type == "fence"]
    assert all(one.info == "diff" for one in found)
    lines = text.splitlines()
    assert all(one.map and lines[one.map[1] - 1] == one.markup for one in found)  # closed
    return [one.content for one in found]


def test_nothing_to_change_is_one_line(penguin: Run, compiled: Path) -> None:
    result = penguin(*DIFF)
    assert (result.code, result.out) == (
        0,
        "Nothing to change: generated/shop/dev, generated/shop/prod.\n",
    )
    assert "Nothing to change" in penguin(*MARKDOWN).out


def test_what_environments_share_is_told_once(penguin: Run, compiled: Path) -> None:
    change(compiled, "default: light", "default: dark")
    result = penguin(*DIFF)
    assert result.code == 2
    shared = "shop · dev, prod (the same lines in each, shown where dev has them)"
    assert headings(result.out) == [shared]
    assert re.findall(r"^  (\w+): ", result.out, re.MULTILINE) == [
        *("sql", "env", "compose", "runtime", "docs")
    ]
    assert "  sql: 3 changed, +3 -3\n" in result.out
    assert "manifest.json" not in result.out.replace("runtime/manifest.json", "")
    assert "prod/" not in result.out
    assert "generated/shop/prod/env/.env.example is not what the spec says" in result.err


def test_what_one_environment_alone_changes(penguin: Run, compiled: Path) -> None:
    change(
        compiled,
        "prod: {extends: dev, protected: true}",
        "prod: {extends: dev, protected: true, overrides: {config: {theme: {default: dark}}}}",
    )
    out = penguin(*DIFF).out
    assert headings(out) == ["shop · prod"]
    assert "generated/shop/dev/" not in out


def test_git_applies_what_is_printed(penguin: Run, compiled: Path, tmp_path: Path) -> None:
    change(compiled, "  theme: {default: light", "  footer: {default: x}\n  theme: {default: dark")
    out = penguin(*DIFF, "--env", "dev").out
    subprocess.run(["git", "apply", "-"], input=out, text=True, cwd=tmp_path, check=True)
    after = penguin(*DIFF, "--env", "dev")
    assert after.out == "No artifact differs, but for the digests in manifest.json.\n"


def test_files_that_come_and_go_belong_to_their_target(penguin: Run, compiled: Path) -> None:
    compiled.write_text(compiled.read_text() + "outputs: {targets: {docs: false, pydal: true}}\n")
    out = penguin(*DIFF).out
    assert "  docs: 1 removed, +0 -" in out
    assert re.search(r"  pydal: 1 created, \+\d+ -0\n--- /dev/null\n\+\+\+ b/generated/", out)
    assert "--- a/generated/shop/dev/docs/reference.md\n+++ /dev/null\n" in out


def test_what_a_person_wrote_is_told_and_its_secret_is_not(penguin: Run, compiled: Path) -> None:
    example = HOME / "dev" / "env" / ".env.example"
    planted = ("hunter2-hunter2", "AKIAIOSFODNN7EXAMPLW", "qQ8sW2eR4tY6uI0pA1sD3fG5")
    example.write_text(
        example.read_text()
        .replace("SHOP_API_KEY=", "SHOP_API_KEY=x")
        .replace("API_KEY=", "API_KEY=y")
        + f"DB_PASS={planted[0]}\n# {planted[1]}\nblob: {planted[2]}\nCOLOUR=\x1b[31mred\n"
    )
    for result in (penguin(*DIFF), penguin(*MARKDOWN)):
        assert "edited by hand, needs --force: generated/shop/dev/env/.env.example" in result.out
        assert "of them edited by hand" in result.out
        assert [one for one in planted if one in result.out] == []
        assert "looks like a secret: not shown" in result.out
        assert "-COLOUR=\\x1b[31mred" in result.out
    refused = penguin("compile", "--diff")
    assert refused.code == 4
    assert example.read_text().endswith("red\n")


def test_a_mode_alone_is_told(penguin: Run, compiled: Path) -> None:
    (HOME / "dev" / "scripts" / "marchproxy-import.sh").chmod(0o644)
    out = penguin(*DIFF).out
    assert "generated/shop/dev/scripts/marchproxy-import.sh: its mode alone\n" in out
    assert "  marchproxy: 1 changed, +0 -0\n" in out


def test_a_comment_has_a_table_and_a_folded_diff_of_each_file(penguin: Run, compiled: Path) -> None:
    change(compiled, "default: light, description: Colours", "default: dark, description: '```'")
    result = penguin(*MARKDOWN)
    assert result.code == 2
    rows = [one for one in result.out.splitlines() if one.startswith("| <code>")]
    assert rows[0] == "| <code>shop · dev, prod</code> | <code>sql</code> |  | 3 |  | +3 -3 |"
    blocks = fences(result.out)
    assert len(blocks) == 8
    assert all(one.startswith("--- a/generated/shop/dev/") for one in blocks)
    assert any("\n+# ```\n" in one for one in blocks)


def test_a_comment_is_never_too_long_and_says_what_is_missing(penguin: Run, shop: Path) -> None:
    keys = "".join(
        f"  key_{n}: {{default: {'x' * 40}, description: Key {n}}}\n" for n in range(400)
    )
    change(shop, "config:\n", f"config:\n{keys}")
    result = penguin(*MARKDOWN, "--env", "dev", "spec/shop.yaml")
    blocks = fences(result.out)
    assert 5 < len(blocks) < 20
    left = re.findall(r"^- <code>(\S+)</code> created, \+\d+ -0$", result.out, re.MULTILINE)
    assert "generated/shop/dev/docs/reference.md" in left
    assert f"**{len(left)} left out for length:**" in result.out
    again = "penguin-compile compile spec/shop.yaml --env dev --check --diff"
    assert result.out.endswith(f"All of it: <code>{again}</code>\n")
    assert len(blocks) + len(left) == len(
        [one for one in result.err.splitlines() if "is not what the spec says" in one]
    )


def test_written_files_are_no_part_of_a_comment(penguin: Run, shop: Path) -> None:
    result = penguin("compile", "--diff", "--format", "markdown")
    assert result.code == 0
    assert result.out.startswith("### What compile changes\n")
    fences(result.out)
    assert "generated/shop/dev: 1" in result.err
