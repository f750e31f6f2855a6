"""`promote` as an operator uses it: an admin's edit in SQLite, and the spec that learns of it."""

from __future__ import annotations

import os
import pty
import resource
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from penguin_compile.core.errors import FileFailure
from penguin_compile.pipeline import check_file
from penguin_compile.promotion import Place, Promotion, Wish
from tests.cli.conftest import Result, Run

SPEC = """\
penguin: 1
app: {name: shop, version: "1.0"}
imports: [parts/mail.yaml]
services:
  api: {gateway: false, config: all, container: {image: "shop/api:1"}}
x-look: &look light
config:
  theme: {default: light, description: Colours}  # the look
  font: {default: *look, description: Letters}
  page_size:
    type: integer
    default: 20  # rows
    description: Rows on a page
    check: {max: 100}
  banner:
    type: json
    default: {on: false, lines: [one]}
    description: What stands above
  motd: {description: Message of the day}
  api_key: {sensitive: true, secret: "env:SHOP_API_KEY", description: Key of the shop}
environments:
  dev:
    database: {url: "sqlite:///dev.db"}
  prod:
    extends: dev
    protected: true
    database: {url: "sqlite:///prod.db"}
    overrides:
      config:
        page_size: {default: 50}
  canary: {extends: prod, database: {url: "sqlite:///canary.db"}}
"""
DEV = '    database: {url: "sqlite:///dev.db"}\n'
PART = "config:\n  smtp_host:\n    default: localhost  # ours\n    description: Mail\n"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, penguin: Run) -> Path:
    """A spec with an import, applied to two environments."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHOP_API_KEY", "canary-secret-value")
    monkeypatch.delenv("PENGUIN_CONFIG_KEYS", raising=False)
    (tmp_path / "spec" / "parts").mkdir(parents=True)
    spec = tmp_path / "spec" / "shop.yaml"
    spec.write_text(SPEC)
    (spec.parent / "parts" / "mail.yaml").write_text(PART)
    assert penguin("fmt", "--check").code == 0
    for name in ("dev", "canary"):
        result = penguin("plan", "--env", name, "--out", f"{name}.json")
        assert result.code == 0, result.err
        assert penguin("apply", f"{name}.json").code == 0
    return spec


def edit(key: str, value: str | None, database: str = "dev.db") -> None:
    """What an admin does in the app."""
    with closing(sqlite3.connect(database)) as connection, connection:
        if value is None:
            connection.execute("DELETE FROM config WHERE config_key = ?", (key,))
        else:
            connection.execute(
                "UPDATE config SET config_value = ?, updated_by = 'admin@example.com'"
                " WHERE config_key = ?",
                (value, key),
            )


def plan(penguin: Run, environment: str = "dev") -> Result:
    return penguin("plan", "--env", environment, "--detailed-exitcode")


def test_the_whole_story(penguin: Run, shop: Path) -> None:
    edit("theme", "dark")
    shop.write_text(SPEC.replace("theme: {default: light", "theme: {default: blue"))
    before = shop.read_text()
    assert plan(penguin).code == 3
    result = penguin("promote", "config/theme", "--env", "dev")
    assert result.code == 0
    assert result.err == (
        'note: "prod" gets the value, too\nnote: "canary" gets the value, too\n\n'
        "promoted 1 value; next: penguin-compile plan --env dev\n"
    )
    assert result.out == (
        "--- a/spec/shop.yaml\n+++ b/spec/shop.yaml\n@@ -21,6 +21,9 @@\n environments:\n   dev:\n"
        '     database: {url: "sqlite:///dev.db"}\n+    overrides:\n+      config:\n'
        "+        theme: {default: dark}\n   prod:\n     extends: dev\n     protected: true\n"
    )
    assert shop.read_text() == before.replace(
        DEV, DEV + "    overrides:\n      config:\n        theme: {default: dark}\n"
    )
    assert penguin("fmt", "--check").code == 0
    assert penguin("validate").code == 0
    clean = plan(penguin)
    assert (clean.code, "0 to update" in clean.out, "conflict" in clean.out) == (0, True, False)
    settled = penguin("apply", "--env", "dev", "--yes")
    assert (settled.code, "0 applied, 1 remembered" in settled.out) == (0, True)
    assert "kept" not in plan(penguin).out
    again = penguin("promote", "config/theme", "--env", "dev")
    assert (again.code, again.out) == (0, "")
    assert "config/theme: the spec says so already" in again.err


def test_a_kept_edit_becomes_the_shared_default(penguin: Run, shop: Path) -> None:
    edit("banner", '{"on": true, "lines": ["one", "two, three"]}')
    assert "config/banner" in plan(penguin).out
    assert penguin("promote", "config/banner", "--env", "dev", "--base").code == 0
    assert shop.read_text() == SPEC.replace(
        "{on: false, lines: [one]}", '{on: true, lines: [one, "two, three"]}'
    )
    assert "0 to update" in plan(penguin).out
    assert "config/banner" not in plan(penguin).out


def test_a_key_without_a_value_gets_one(penguin: Run, shop: Path) -> None:
    with closing(sqlite3.connect("dev.db")) as connection, connection:
        connection.execute(
            "INSERT INTO config (config_key, config_value, config_type, category) "
            "VALUES ('motd', ?, 'string', 'system')",
            ("Hello: all\nof you\n",),
        )
    assert penguin("promote", "config/motd", "--env", "dev", "--base").code == 0
    assert shop.read_text() == SPEC.replace(
        "{description: Message of the day}",
        '{description: Message of the day, default: "Hello: all\\nof you\\n"}',
    )


def test_several_keys_are_all_promoted_or_none(penguin: Run, shop: Path) -> None:
    edit("theme", "dark")
    edit("page_size", "1000")
    result = penguin("promote", "config/theme", "config/page_size", "spec", "--env", "dev")
    assert result.code == 4
    assert "config/page_size: the live value breaks the key's check: it must be at most 100" in (
        result.err
    )
    assert "spec/shop.yaml:14:5" in result.err
    assert shop.read_text() == SPEC
    edit("page_size", "45")
    result = penguin("promote", "config/*", str(shop), "--env", "dev")
    assert result.code == 0
    assert "already" not in result.err
    assert "left out: config/api_key is sensitive" in result.err
    assert "left out: config/motd has no row yet" in result.err
    assert "promoted 2 values" in result.err
    assert "        theme: {default: dark}\n        page_size: {default: 45}\n" in shop.read_text()
    assert "unchanged" in plan(penguin).out


@pytest.mark.parametrize(("text", "kind"), [("many", "an integer"), ("", "an integer")])
def test_a_value_of_another_type_is_refused(penguin: Run, shop: Path, text: str, kind: str) -> None:
    edit("page_size", text)
    result = penguin("promote", "config/page_size", "--env", "dev")
    assert (result.code, f"must be {kind}" in result.err) == (4, True)
    assert shop.read_text() == SPEC


def test_a_secret_never_goes_into_a_spec(penguin: Run, shop: Path) -> None:
    result = penguin("promote", "config/api_key", "--env", "dev")
    assert (result.code, result.out) == (4, "")
    assert "config/api_key is sensitive" in result.err
    edit("theme", "AKIAIOSFODNN7EXAMPLE")
    result = penguin("promote", "config/theme", "--env", "dev")
    assert (result.code, result.out) == (4, "")
    assert "PC403" in result.err
    assert "AKIA" not in result.err
    assert shop.read_text() == SPEC


def test_a_row_that_holds_a_secret_is_one_whatever_the_spec_says(penguin: Run, shop: Path) -> None:
    edit("theme", "canary-secret-value")
    with closing(sqlite3.connect("dev.db")) as connection, connection:
        connection.execute("UPDATE config SET is_sensitive = 1 WHERE config_key = 'theme'")
    result = penguin("promote", "config/theme", "--env", "dev")
    assert (result.code, "is sensitive" in result.err) == (4, True)
    assert "canary-secret-value" not in result.err + result.out + shop.read_text()


def test_a_row_that_was_deleted_has_nothing_to_promote(penguin: Run, shop: Path) -> None:
    edit("theme", None)
    result = penguin("promote", "config/theme", "--env", "dev")
    assert result.code == 4
    assert "was deleted in the live system" in result.err
    assert "penguin-compile apply --env dev --use-spec config/theme" in result.err
    assert shop.read_text() == SPEC


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["config/thme"], 'did you mean "config/theme"?'),
        (["config/x*"], "config/x* is no config key of shop"),
        (["service/shop-api"], "only config keys are edited live"),
        (["theme"], "theme is neither an address nor the one spec"),
        (["spec"], "which config keys?"),
        (["config/theme", "spec", "spec"], "spec is neither an address nor the one spec"),
        (["config/theme", "--base", "--into", "dev"], "--base and --into are two places"),
        (["config/theme", "--into", "prod"], '"dev" does not extend it'),
        (["config/theme", "--file", "pyproject.toml"], "neither the spec nor imported by it"),
    ],
)
def test_wrong_usage_is_told(penguin: Run, shop: Path, words: list[str], message: str) -> None:
    edit("theme", "dark")
    result = penguin("promote", *words, "--env", "dev")
    assert (result.code, result.out) == (64, "")
    assert message in result.err
    assert shop.read_text() == SPEC


def test_a_spec_in_a_folder_called_config_is_a_spec(penguin: Run, shop: Path) -> None:
    edit("theme", "dark")
    shop.parent.rename("config")
    assert penguin("promote", "config/theme", "config/shop.yaml", "--env", "dev").code == 0
    assert "theme: {default: dark}" in Path("config/shop.yaml").read_text()


def test_an_imported_value_asks_and_every_answer_works(penguin: Run, shop: Path) -> None:
    edit("smtp_host", "mx.example.com")
    part = shop.parent / "parts" / "mail.yaml"
    for flags in ([], ["--base"]):
        result = penguin("promote", "config/smtp_host", "--env", "dev", *flags)
        assert (result.code, result.out) == (3, "")
        assert "comes from an import, which other specs may share" in result.err
        assert "spec/parts/mail.yaml:3:14" in result.err
    commands = [line.split()[1:] for line in result.err.splitlines() if "promote config" in line]
    assert [one[4:] for one in commands] == [
        ["--into", "dev"],
        ["--base", "--file", "spec/parts/mail.yaml"],
        ["--base", "--file", "spec/shop.yaml"],
    ]
    assert (shop.read_text(), part.read_text()) == (SPEC, PART)
    for words in commands:
        shop.write_text(SPEC)
        part.write_text(PART)
        assert penguin(*words).code == 0
        assert "config/smtp_host" not in plan(penguin).out
        assert (part.read_text() == PART) is ("spec/parts/mail.yaml" not in words)
        assert (shop.read_text() == SPEC) is ("spec/parts/mail.yaml" in words)
    assert "config:\n" in shop.read_text()
    assert "  smtp_host: {default: mx.example.com}\n" in shop.read_text()


def test_a_value_of_an_extended_environment_asks(penguin: Run, shop: Path) -> None:
    edit("page_size", "60", "canary.db")
    result = penguin("promote", "config/page_size", "--env", "canary")
    assert result.code == 3
    assert 'comes from the environment "prod", which "canary" extends' in result.err
    assert penguin("promote", "config/page_size", "--env", "canary", "--base").code == 4
    assert shop.read_text() == SPEC
    answer = penguin("promote", "config/page_size", "--env", "canary", "--into", "prod")
    assert (answer.code, 'note: "prod" gets the value, too' in answer.err) == (0, True)
    assert shop.read_text() == SPEC.replace("{default: 50}", "{default: 60}")
    shop.write_text(SPEC)
    assert penguin("promote", "config/page_size", "--env", "canary", "--into", "canary").code == 0
    assert "overrides: {config: {page_size: {default: 60}}}}\n" in shop.read_text()
    assert "config/page_size" not in plan(penguin, "canary").out


def test_an_alias_asks_and_its_anchor_stays(penguin: Run, shop: Path) -> None:
    edit("font", "serif")
    result = penguin("promote", "config/font", "--env", "dev")
    assert (result.code, "comes from the alias *look (spec/shop.yaml:9:19)" in result.err) == (
        3,
        True,
    )
    assert penguin("promote", "config/font", "--env", "dev", "--base").code == 0
    assert shop.read_text() == SPEC.replace("*look", "serif")


def test_a_terminal_is_asked(shop: Path) -> None:
    edit("font", "serif")
    main, other = pty.openpty()
    command = (sys.executable, "-m", "penguin_compile", "promote", "config/font", "--env", "dev")
    with subprocess.Popen(
        command, stdin=other, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        os.write(main, b"2\n")
        out, err = run.communicate(timeout=60)
    os.close(main)
    os.close(other)
    assert run.returncode == 0, err
    assert b"comes from the alias *look" in err
    assert b'  1  the overrides of "dev" in spec/shop.yaml\n' in err
    assert b"  2  the shared default in spec/shop.yaml\n" in err
    assert b"+  font: {default: serif, description: Letters}" in out
    assert shop.read_text() == SPEC.replace("*look", "serif")


def test_the_file_keeps_its_bytes_mode_and_link(penguin: Run, shop: Path) -> None:
    real = shop.with_name("real.txt")
    data = b"\xef\xbb\xbf" + SPEC.replace("\n", "\r\n").encode()
    real.write_bytes(data)
    real.chmod(0o640)
    shop.unlink()
    shop.symlink_to(real.name)
    edit("page_size", "45")
    result = penguin("promote", "config/page_size", "--env", "dev", "--base")
    assert (result.code, "+    default: 45  # rows\n" in result.out) == (0, True)
    assert real.read_bytes() == data.replace(b"default: 20", b"default: 45")
    assert (shop.is_symlink(), stat.S_IMODE(real.stat().st_mode)) == (True, 0o640)
    assert sorted(one.name for one in shop.parent.iterdir()) == ["parts", "real.txt", "shop.yaml"]


def test_a_link_out_of_the_repository_is_not_followed(
    penguin: Run, shop: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    real = tmp_path_factory.mktemp("elsewhere") / "shop.yaml"
    text = SPEC.replace("imports: [parts/mail.yaml]\n", "")
    real.write_text(text)
    shop.unlink()
    shop.symlink_to(real)
    edit("page_size", "45")
    result = penguin("promote", "config/page_size", "--env", "dev")
    assert (result.code, "is a link out of the repository" in result.err) == (1, True)
    assert real.read_text() == text


def test_null_can_only_stand_in_the_base(penguin: Run, shop: Path) -> None:
    edit("banner", "null")
    result = penguin("promote", "config/banner", "--env", "dev")
    assert (result.code, "null, which removes a key" in result.err) == (4, True)
    assert penguin("promote", "config/banner", "--env", "dev", "--base").code == 0
    assert "    default: null\n" in shop.read_text()


def test_what_an_anchor_shares_is_not_changed_on_the_side(penguin: Run, shop: Path) -> None:
    shared = SPEC.replace("theme: {default: light", "theme: {default: &t light").replace(
        "*look", "*t"
    )
    shop.write_text(shared)
    edit("theme", "dark")
    result = penguin("promote", "config/theme", "--env", "dev", "--base")
    assert (result.code, "config.font.default would change, too" in result.err) == (1, True)
    assert shop.read_text() == shared
    asked = penguin("promote", "config/theme", "--env", "dev")
    assert (asked.code, "a text that *t repeats elsewhere" in asked.err) == (3, True)
    assert penguin("promote", "config/theme", "--env", "dev", "--into", "dev").code == 0


def two_edits(shop: Path) -> Promotion:
    """One value for an import, then one for the spec, not written yet."""
    checked = check_file(shop, ["dev"])
    promotion = Promotion(checked, checked.environments["dev"])
    part = shop.parent / "parts" / "mail.yaml"
    for key, value, wish in (
        ("smtp_host", "mx", Wish(base=True, file=part)),
        ("theme", "dark", Wish()),
    ):
        place = promotion.place(key, wish)
        assert isinstance(place, Place)
        promotion.set(key, value, place)
    assert promotion.prove() == (["prod", "canary"], [])
    return promotion


def test_a_file_that_changed_meanwhile_stops_all(shop: Path) -> None:
    promotion = two_edits(shop)
    shop.write_text(SPEC + "# meanwhile\n")
    with pytest.raises(FileFailure, match=r"shop\.yaml was changed meanwhile"):
        promotion.save()
    assert (shop.parent / "parts" / "mail.yaml").read_text() == PART
    assert shop.read_text() == SPEC + "# meanwhile\n"


def test_a_second_file_that_can_not_be_written_takes_the_first_back(shop: Path) -> None:
    promotion = two_edits(shop)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(PART) + 100, before[1]))  # as a full disk does
    try:
        with pytest.raises(FileFailure, match=r"can't write .*shop\.yaml"):
            promotion.save()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (shop.parent / "parts" / "mail.yaml").read_text() == PART
    assert shop.read_text() == SPEC
    assert sorted(one.name for one in shop.parent.iterdir()) == ["parts", "shop.yaml"]


def test_a_base_that_is_meant_for_diff_is_no_flag_of_promote(
    penguin: Run, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit("theme", "dark")
    monkeypatch.setenv("PENGUIN_COMPILE_BASE", "origin/main")
    Path("pyproject.toml").write_text('[tool.penguin-compile]\nbase = "origin/main"\n')
    assert penguin("promote", "config/theme", "--env", "dev").code == 0
    assert "        theme: {default: dark}\n" in shop.read_text()


def test_no_database_no_live_value(penguin: Run, shop: Path) -> None:
    shop.write_text(
        SPEC.replace("database", "x-database") + "  bare: {marchproxy: {url: http://x}}\n"
    )
    result = penguin("promote", "config/theme", "--env", "bare")
    assert (result.code, "names no database" in result.err) == (64, True)
