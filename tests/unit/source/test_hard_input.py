"""Files that are made to hurt, and files that others write by accident."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from penguin_compile.core.diagnostic import Diagnostic
from penguin_compile.core.errors import FileFailure
from penguin_compile.core.span import Source
from penguin_compile.pipeline import CheckedSpec, check_spec
from penguin_compile.source.load import DEEPEST_IMPORTS, load_spec, load_text
from penguin_compile.source.text import decode_source

HEAD = "penguin: 1\napp: {name: shop}\n"


def check(text: str | bytes) -> CheckedSpec:
    data = text if isinstance(text, bytes) else text.encode()
    source, findings = decode_source(data, "spec.yaml")
    return check_spec(load_text(source, Path("/nowhere/spec.yaml"), findings))


def told(text: str | bytes) -> list[tuple[str, int, int]]:
    return [(one.code, one.span.line, one.span.column) for one in check(text).findings]


def setting(value: str, kind: str = "json") -> str:
    return f"{HEAD}config: {{k: {{type: {kind}, description: d, default: {value}}}}}\n"


def default_of(text: str) -> object:
    app = check(text).environments["default"].app
    assert app is not None
    return app.settings["k"].default


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        "a: " + "{a: " * 100_000,
        "- " * 100_000,
        "? " * 100_000,
        "".join(" " * level + "a:\n" for level in range(1_000)),
    ],
    ids=["flow lists", "closed", "flow mappings", "block lists", "keys", "block mappings"],
)
def test_nesting_ends_at_the_limit_and_not_after_it(text: str) -> None:
    (finding,) = check(text).findings
    assert (finding.code, finding.message) in {
        ("PC108", "nested deeper than 200 levels"),
        ("PC104", "a key must be a string, not a list, mapping or alias"),
    }


def test_aliases_do_not_nest_deeper_than_text_may() -> None:
    levels = "x-0: &a0 {a: 1}\n"
    for level in range(1, 300):
        levels += f"x-{level}: &a{level} {{a: *a{level - 1}}}\n"
    (code, line, _), *_ = told(levels)
    assert (code, line) == ("PC108", 200)


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: *a\n", "PC101", 1, 4),
        ("&a a: 1\n*a : 2\n", "PC104", 2, 1),
        ("1: a\n", "PC104", 1, 1),
        ("null: a\n", "PC104", 1, 1),
        ("true: a\n", "PC104", 1, 1),
        ("1.5: a\n", "PC104", 1, 1),
        ("~: a\n", "PC104", 1, 1),
        ("[a]: b\n", "PC104", 1, 1),
        ("{a: b}: c\n", "PC104", 1, 1),
        ("<<: 1\n", "PC101", 1, 5),
        ("<<: [1, {a: b}]\n", "PC101", 1, 5),
        ("a: {<<: x}\n", "PC101", 1, 9),
        ("a: \0\n", "PC101", 1, 4),
        ('a: "\\U00110000"\n', "PC101", 1, 14),
        ('a: "\\ud800"\n', "PC101", 1, 8),
        ("\ta: 1\n", "PC101", 1, 1),
        ("a:\n\t- 1\n", "PC101", 2, 1),
        ("a:\n  - b\n\t- c\n", "PC101", 3, 1),
        ("a: {\n\tb: 1}\n\tc: 2\n", "PC101", 3, 1),
    ],
)
def test_what_can_not_be_read_is_told_at_its_place(
    text: str, code: str, line: int, column: int
) -> None:
    near = [one for one in told(text) if one[:2] == (code, line)]
    assert [one for one in near if abs(one[2] - column) <= 8], "near enough to see it"


def test_tabs_that_indent_nothing_are_allowed() -> None:
    assert told("penguin:\t1\t# c\t\napp: {\tname:\ta\t,\tversion: 'b\tc'\t}\t\n") == []


@pytest.mark.parametrize("value", [".nan", ".inf", "-.inf", "1e400", "[1, .NaN]", "!!float .inf"])
def test_a_default_that_json_can_not_say_is_told(value: str) -> None:
    assert "PC104" in {code for code, *_ in told(setting(value))}


def test_numbers_end_where_json_and_floats_end() -> None:
    assert default_of(setting("9" * 308)) == 10**308 - 1
    assert default_of(setting("9" * 309)) == "9" * 309
    for number in ("9" * 5_000, "0x" + "f" * 3_900, "0b" + "1" * 20_000, "-" + "9" * 5_000):
        assert default_of(setting(number)) == number, "a text"
        assert "PC207" in {code for code, *_ in told(setting(number, "integer"))}
    checked = setting("9" * 300, "number").replace("default", "check: {min: 0.5}, default")
    assert {code for code, *_ in told(checked)} == {"PC312"}


def test_escapes_of_json_are_characters() -> None:
    assert default_of(setting('"\\ud83d\\ude00"')) == "\U0001f600"


@pytest.mark.parametrize("text", ["x" * 1_000_000, "x " * 500_000, '"' + "é\\n" * 200_000 + '"'])
def test_a_scalar_of_a_megabyte_is_a_scalar(text: str) -> None:
    value = default_of(setting(text, "string"))
    assert isinstance(value, str)
    assert len(value) >= 400_000


def test_long_keys_are_keys() -> None:
    (finding,) = check(f"{HEAD}{'k' * 1_000}: 1\n").findings
    assert (finding.code, finding.span.line) == ("PC103", 3)
    (code, line, _), *_ = told(f'{HEAD}? "{"k" * 1_000_000}"\n: 1\n')
    assert (code, line) == ("PC103", 3)


def test_windows_line_ends_and_a_mark_of_byte_order_change_no_place() -> None:
    text = f"{HEAD}services:\n  api: {{prot: 1}}\n"
    plain = told(text)
    assert plain[0][1:] == (4, 9)
    assert told("\ufeff" + text) == plain
    assert told(text.replace("\n", "\r\n")) == plain
    assert told("\ufeff" + text.replace("\n", "\r\n")) == plain


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_other_encodings_are_told(encoding: str) -> None:
    data = "penguin: 1 # é\n".encode(encoding)
    assert [(code, line) for code, line, _ in told(data)] == [("PC101", 1)]


def test_a_bomb_of_imports_is_stopped(tmp_path: Path) -> None:
    for level in range(10):
        names = ", ".join([f"{level + 1}.yaml"] * 10)
        (tmp_path / f"{level}.yaml").write_text(f"imports: [{names}]\n")
    (tmp_path / "10.yaml").write_text("x-a: 1\n")
    loaded = load_spec(tmp_path / "0.yaml")
    assert [one.code for one in loaded.findings] == ["PC108"]


def test_a_long_row_of_imports_is_stopped(tmp_path: Path) -> None:
    last = DEEPEST_IMPORTS + 5
    for level in range(last):
        (tmp_path / f"{level}.yaml").write_text(f"imports: [{level + 1}.yaml]\n")
    (tmp_path / f"{last}.yaml").write_text(HEAD)
    assert [one.code for one in load_spec(tmp_path / "0.yaml").findings] == ["PC108"]
    assert load_spec(tmp_path / "9.yaml").findings == []


@pytest.mark.parametrize("name", ["a\\0b", "n" * 5_000, "loop.yaml", "pipe.yaml", ".", "", "~/a"])
def test_what_is_no_file_can_not_be_imported(tmp_path: Path, name: str) -> None:
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    os.mkfifo(tmp_path / "pipe.yaml")
    spec = tmp_path / "spec.yaml"
    spec.write_text(f'{HEAD}imports: ["{name}"]\n')
    (finding,) = load_spec(spec).findings
    assert (finding.code, finding.span.line) == ("PC106", 3)


def test_a_link_to_a_folder_outside_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.yaml").write_text("app: {name: out}\n")
    inside = tmp_path / "repo"
    inside.mkdir()
    (inside / "parts").symlink_to(tmp_path / "out")
    (inside / "spec.yaml").write_text("penguin: 1\nimports: [parts/a.yaml]\n")
    (finding,) = load_spec(inside / "spec.yaml").findings
    assert (finding.code, "leaves the repository" in finding.message) == ("PC106", True)


def test_a_file_that_changes_while_it_is_read_is_one_text_or_a_complaint(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    texts = [HEAD + "x-a: 1\n" * 1, HEAD.replace("shop", "s" * 30) + "x-b: 2\n" * 1, ""]
    stop = threading.Event()

    def rewrite() -> None:
        while not stop.is_set():
            for text in texts:
                spec.write_text(text)

    spec.write_text(HEAD)
    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        for _ in range(200):
            findings: list[Diagnostic] = load_spec(spec).findings
            assert all(one.span.end <= len(one.span.source.text) for one in findings)
    finally:
        stop.set()
        writer.join()


def test_a_pipe_and_a_socket_are_failures_in_words(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileFailure, match="no regular file"):
        load_spec(tmp_path / "pipe")
    with pytest.raises(FileFailure):
        load_spec(Path("/dev/null"))


@pytest.mark.parametrize(
    ("section", "place"),
    [
        ("services: {api: {gateway: false, container: {configs: [{mode: 0440}]}}}", (3, 63)),
        ("compose: {configs: {a: {mode: 0440}}}", (3, 31)),
        ("integrations: {waddleai: {container: {x: 0440}}}", (3, 42)),
    ],
)
def test_a_leading_zero_in_compose_text_means_two_things(
    section: str, place: tuple[int, int]
) -> None:
    (finding,) = [one for one in check(f"{HEAD}{section}\n").findings if one.code == "PC104"]
    assert finding.label == 'quote it: "0440"'
    assert finding.help == "or write 0o440 for octal, 440 for decimal"
    assert (finding.span.line, finding.span.column) == place
    for right in ('"0440"', "0o440", "440", "0", "'0440'", "0.5", "00"):
        codes = {one.code for one in check(f"{HEAD}{section.replace('0440', right)}\n").findings}
        assert "PC104" not in codes, right


def test_a_leading_zero_elsewhere_is_a_number() -> None:
    assert default_of(setting("0440", "integer")) == 440


def test_ten_thousand_mistakes_are_counted_and_found_soon() -> None:
    text = HEAD + "".join(f"key-{number}: 1\n" for number in range(10_000))
    findings = check_spec(load_text(Source("a.yaml", text), Path("/nowhere/a.yaml"), [])).findings
    assert len(findings) == 10_000
    assert {one.code for one in findings} == {"PC103"}
