"""`diff`: two versions of a spec in a real git repository."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import jsonschema_rs
import pytest

from penguin_compile.artifacts.check import read_schema
from tests.cli.conftest import Result, Run

Git = Callable[..., str]

SPEC = """\
penguin: 1
app: {name: shop, version: "1.0"}
imports: [./parts/mail.yaml]
services:
  api: {port: 8080, auth: jwt, config: all, container: {image: "shop/api:1"}}
  old: {port: 8081, container: {image: "shop/old:1"}}
routes:
  public: {from: [external], to: [api], listen: {port: 443, protocol: https}, path_prefix: /shop}
config:
  theme: {default: light, description: Colours}
  api_key: {sensitive: true, secret: "env:SHOP_API_KEY", description: Key of the shop}
environments:
  dev: {database: {url: "sqlite:///dev.db"}}
  prod: {extends: dev, protected: true}
"""
MAIL = "config: {smtp_port: {type: integer, category: email, default: 587, description: Mail}}\n"


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """A repository in the current folder, alone in the world."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")

    def call(*arguments: str) -> str:
        words = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com", *arguments)
        done = subprocess.run(["git", *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    call("init", "--quiet", "--initial-branch=main")
    return call


@pytest.fixture
def shop(git: Git, tmp_path: Path) -> Path:
    """spec/shop.yaml and what it imports, committed."""
    (tmp_path / "spec" / "parts").mkdir(parents=True)
    spec = tmp_path / "spec" / "shop.yaml"
    spec.write_text(SPEC)
    (spec.parent / "parts" / "mail.yaml").write_text(MAIL)
    commit(git)
    return spec


def commit(git: Git) -> None:
    git("add", "--all")
    git("commit", "--quiet", "--message", "a step")


def edit(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def read_json(result: Result) -> dict[str, list[dict[str, object]]]:
    """The document, after the published schema was asked about it."""
    assert result.code in {0, 2}, result.err
    document = json.loads(result.out)
    problems = jsonschema_rs.validator_for(read_schema("spec-diff.schema.json"))
    assert [one.message for one in problems.iter_errors(document)] == []
    return document


def changes(result: Result) -> dict[str, tuple[str, list[str]]]:
    (app,) = read_json(result)["apps"]
    found = {one["address"]: (one["change"], one["environments"]) for one in app["changes"]}
    assert len(found) == len(app["changes"])
    return found


def test_nothing_changed(penguin: Run, shop: Path) -> None:
    result = penguin("diff", "--base", "HEAD", "--detailed-exitcode")
    assert (result.code, result.out) == (0, "No resource differs.\n")


def test_a_change_is_told_by_resource_and_environment(penguin: Run, shop: Path, git: Git) -> None:
    edit(
        shop,
        ("port: 8080", "port: 8090"),
        ('  old: {port: 8081, container: {image: "shop/old:1"}}\n', ""),
        ("config:\n", "config:\n  page_size: {type: integer, default: 20, description: Rows}\n"),
        ("protected: true}", "overrides: {config: {theme: {default: dark}}}}"),
    )
    result = penguin("diff", "--base", "main", "--detailed-exitcode")
    assert result.code == 2
    head = git("rev-parse", "--short=7", "HEAD")
    lines = result.out.splitlines()
    assert max(map(len, lines)) <= 100
    assert [re.sub("  +", "  ", one).strip() for one in lines] == [
        f"shop · spec/shop.yaml · main ({head}) → work tree",
        "",
        "all environments: dev, prod",
        "~ service/shop-api  port 8080 → 8090  spec/shop.yaml:5:3",
        "+ config/page_size  20  spec/shop.yaml:9:3",
        '~ container/api  environment.PAGE_SIZE (none) → "${PAGE_SIZE}"  spec/shop.yaml:5:3',
        "- service/shop-old  http://old:8081 auth none  main:spec/shop.yaml:6:3",
        "- container/old  image shop/old:1  main:spec/shop.yaml:6:3",
        "",
        "prod",
        '~ config/theme  "light" → "dark"  spec/shop.yaml:10:3',
        "~ environment  protected true → false  spec/shop.yaml:14:3",
        "",
        "Diff: 1 added, 2 removed, 4 changed.",
    ]


def test_the_work_tree_and_the_index_stay_as_they_are(penguin: Run, shop: Path, git: Git) -> None:
    edit(shop, ("8080", "8090"))
    (shop.parent / "new.txt").write_text("not tracked")
    before = git("status", "--porcelain=v2", "--branch"), shop.read_text()
    assert penguin("diff", "--base", "HEAD").code == 0
    assert (git("status", "--porcelain=v2", "--branch"), shop.read_text()) == before


def test_imports_are_read_from_the_revision(penguin: Run, shop: Path) -> None:
    edit(shop.parent / "parts" / "mail.yaml", ("587", "465"))
    assert "~ config/smtp_port   587 → 465" in penguin("diff", "--base", "HEAD").out


def test_an_import_that_the_work_tree_has_no_longer(penguin: Run, shop: Path) -> None:
    (shop.parent / "parts" / "mail.yaml").unlink()
    edit(shop, ("imports: [./parts/mail.yaml]\n", ""))
    assert changes(penguin("diff", "--base", "HEAD", "--format", "json")) == {
        "config/smtp_port": ("removed", ["dev", "prod"]),
        "container/api": ("changed", ["dev", "prod"]),
    }


def test_links_are_those_of_the_revision(penguin: Run, shop: Path, git: Git) -> None:
    mail = shop.parent / "parts" / "mail.yaml"
    mail.rename(shop.parent.parent / "mail.yaml")
    mail.symlink_to("../../mail.yaml")
    commit(git)
    mail.unlink()
    mail.write_text(MAIL.replace("587", "25"))
    assert "~ config/smtp_port   587 → 25" in penguin("diff", "--base", "HEAD").out


def test_a_link_of_the_revision_that_leaves_the_repository(
    penguin: Run, shop: Path, git: Git
) -> None:
    mail = shop.parent / "parts" / "mail.yaml"
    mail.unlink()
    mail.symlink_to("/etc/hostname")
    commit(git)
    mail.unlink()
    mail.write_text(MAIL)
    result = penguin("diff", "--base", "HEAD")
    assert result.code == 1
    assert 'the import "./parts/mail.yaml" leaves the repository' in result.err


def test_from_a_folder_below_and_in_a_hook(
    penguin: Run, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(shop, ("8080", "8090"))
    monkeypatch.chdir(shop.parent / "parts")
    monkeypatch.setenv("GIT_DIR", "/nowhere")  # git sets it for hooks
    result = penguin("diff", "../shop.yaml", "--base", "HEAD")
    assert "~ service/shop-api   port 8080 → 8090" in result.out


def test_between_two_revisions(penguin: Run, shop: Path, git: Git) -> None:
    edit(shop, ("8080", "8090"))
    commit(git)
    edit(shop, ("8090", "8100"))
    result = penguin("diff", "--base", "HEAD~1", "--head", "HEAD")
    assert "port 8080 → 8090" in result.out
    assert " → HEAD (" in result.out


def test_a_new_spec_and_a_deleted_one(penguin: Run, shop: Path) -> None:
    (shop.parent / "other.yaml").write_text(
        'penguin: 1\napp: {name: other, version: "1"}\nconfig: {a: {default: b, description: c}}\n'
    )
    shop.unlink()
    result = penguin("diff", "--base", "HEAD", "--format", "json")
    other, gone = read_json(result)["apps"]
    assert (other["app"], other["base_app"], other["base_path"]) == ("other", None, None)
    assert {one["change"] for one in other["changes"]} == {"added"}
    assert (gone["app"], gone["base_app"], gone["path"]) == (None, "shop", None)
    assert {one["change"] for one in gone["changes"]} == {"removed"}
    assert {"service/shop-api", "mapping/shop-public", "config/theme"} <= {
        one["address"] for one in gone["changes"]
    }
    text = penguin("diff", "--base", "HEAD").out
    assert "other · spec/other.yaml: new spec" in text
    assert "shop · spec/shop.yaml: spec deleted" in text
    assert (
        "shop · spec/shop.yaml: spec deleted"
        in penguin("diff", "spec/shop.yaml", "--base", "HEAD").out
    )


def test_a_renamed_app_and_a_moved_spec(penguin: Run, shop: Path) -> None:
    edit(shop, ("name: shop", "name: store"))
    renamed = penguin("diff", "--base", "HEAD")
    assert "shop → store: app renamed" in renamed.out
    assert "+ service/store-api" in renamed.out
    assert "config/theme" not in renamed.out
    edit(shop, ("name: store", "name: shop"))
    shop.rename(shop.parent / "moved.yaml")
    moved = penguin("diff", "--base", "HEAD", "--detailed-exitcode")
    assert moved.out.startswith("shop · spec/shop.yaml → spec/moved.yaml · HEAD")
    assert moved.out.endswith("No resource differs.\n")
    assert moved.code == 2


def test_an_environment_that_came_and_one_that_went(penguin: Run, shop: Path) -> None:
    edit(shop, ("  prod: {extends: dev, protected: true}", "  test: {extends: dev}"))
    text = penguin("diff", "--base", "HEAD").out
    added, removed = text.index("\ntest (new)\n"), text.index("\nprod (removed)\n")
    assert text.index("+ service/shop-api", added) > added
    assert text.index("- service/shop-api", removed) > removed


def test_what_no_resource_shows_is_told_to_differ(penguin: Run, shop: Path) -> None:
    edit(shop, ("  theme: {default: light,", "  theme: {x-team: web, default: light,"))
    result = penguin("diff", "--base", "HEAD", "--detailed-exitcode")
    assert result.code == 2
    assert "note: dev: config: only what no resource shows differs" in result.out


def test_the_ends_of_a_route_are_sets(penguin: Run, shop: Path, git: Git) -> None:
    edit(shop, ("to: [api]", "to: [api, old]"))
    commit(git)
    edit(shop, ("to: [api, old]", "to: [old, api]"))
    assert "mapping/" not in penguin("diff", "--base", "HEAD").out


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_no_secret_is_shown(penguin: Run, shop: Path, git: Git, form: str) -> None:
    joke = "x-allow: {PC402: a joke}"
    url = "postgresql://u:hunter2@db/shop?sslpassword=hunter3"
    edit(
        shop,
        ('{url: "sqlite:///dev.db"}', f'{{url: "{url}", x-allow: {{PC403: it was revoked}}}}'),
        (
            'container: {image: "shop/old:1"}',
            f'container: {{image: "shop/old:1"}}, environment: {{DB_PASSWORD: swordfish, {joke}}}',
        ),
    )
    git("commit", "--quiet", "--all", "--message", "secrets")
    edit(shop, ("hunter2", "hunter4"), ("swordfish", "halibut7"), ("env:SHOP_API_KEY", "env:KEY"))
    result = penguin("diff", "--base", "HEAD", "--format", form)
    assert result.code == 0, result.err
    for secret in ("hunter", "swordfish", "halibut"):
        assert secret not in result.out + result.err
    plain = re.sub(r"&#(\d+);", lambda one: chr(int(one[1])), result.out)
    assert "env:KEY" in plain
    assert "environment.DB_PASSWORD" in plain
    assert "postgresql://db/shop" in plain


@pytest.mark.parametrize("side", ["base", "head"])
def test_errors_are_told_with_their_side(penguin: Run, shop: Path, git: Git, side: str) -> None:
    edit(shop, ("to: [api]", "to: [apy]"))
    if side == "base":
        git("commit", "--quiet", "--all", "--message", "wrong")
        edit(shop, ("to: [apy]", "to: [api]"))
    result = penguin("diff", "--base", "HEAD")
    assert (result.code, result.out) == (1, "")
    where = "revision HEAD" if side == "base" else "the work tree"
    path = "HEAD:spec/shop.yaml" if side == "base" else "spec/shop.yaml"
    assert f"--> {path}:8:35" in result.err
    assert f"in {where}, spec/shop.yaml has errors: 1 error" in result.err


def test_no_base(penguin: Run, shop: Path) -> None:
    result = penguin("diff")
    assert result.code == 64
    assert "--base" in result.err


@pytest.mark.parametrize("name", ["nowhere", "HEAD~7", "", "-x", "HEAD:spec"])
def test_a_revision_that_is_none(penguin: Run, shop: Path, name: str) -> None:
    result = penguin("diff", f"--base={name}")
    assert result.code in {1, 64}
    assert "revision" in result.err
    assert "name a branch, tag or commit" in result.err


def test_a_shallow_clone(penguin: Run, shop: Path, git: Git, tmp_path: Path) -> None:
    edit(shop, ("8080", "8090"))
    commit(git)
    git("clone", "--quiet", "--depth=1", f"file://{tmp_path}", "shallow")
    result = penguin("-C", "shallow", "diff", "--base", "HEAD~1")
    assert result.code == 1
    assert "the clone is shallow" in result.err
    assert "fetch-depth: 0" in result.err


def test_no_repository(penguin: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec").mkdir()
    (tmp_path / "spec" / "shop.yaml").write_text(SPEC)
    result = penguin("diff", "--base", "HEAD")
    assert result.code == 1
    assert "is no git repository" in result.err


def test_no_git(penguin: Run, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    result = penguin("diff", "--base", "HEAD")
    assert result.code == 1
    assert "git is not installed" in result.err


def test_a_spec_that_neither_side_has(penguin: Run, shop: Path) -> None:
    result = penguin("diff", "spec/none.yaml", "--base", "HEAD")
    assert result.code == 1
    assert "there is no spec spec/none.yaml in the work tree or HEAD" in result.err


def test_a_spec_in_the_base_over_the_limits(penguin: Run, shop: Path, git: Git) -> None:
    text = shop.read_text()
    shop.write_text("a: " + "[" * 300 + "]" * 300)
    git("commit", "--quiet", "--all", "--message", "deep")
    shop.write_text(text)
    result = penguin("diff", "--base", "HEAD")
    assert result.code == 1
    assert "PC108" in result.err
    assert "HEAD:spec/shop.yaml" in result.err


def test_markdown_for_a_pull_request(penguin: Run, shop: Path) -> None:
    edit(
        shop,
        ("default: light", 'default: "a|b`</details><script>@ada #1 https://x.example\\n| c"'),
    )
    result = penguin("diff", "--base", "HEAD", "--format", "markdown")
    rows = [line for line in result.out.splitlines() if "config/theme" in line]
    assert len(rows) == 1
    assert rows[0].count("|") == 6  # no more cells than the table has columns
    assert not re.search(r"[`@#]|<(?!/?code>)|https:", rows[0].replace("&#", ""))
    assert "<details><summary><code>all environments&#58; dev, prod</code>: 1 changed" in result.out
    assert result.out.count("<details>") == result.out.count("</details>")


@pytest.mark.slow
def test_markdown_is_cut_with_a_count(penguin: Run, shop: Path) -> None:
    keys = "".join(
        f"  row_{number}: {{default: {'v' * 50}, description: d}}\n" for number in range(1500)
    )
    edit(shop, ("config:\n", f"config:\n{keys}"), ("config: all, ", ""))
    result = penguin("diff", "--base", "HEAD", "--format", "markdown")
    assert 50_000 < len(result.out) <= 65_536
    told = result.out.count("<code>config/row&#95;")
    left = re.search(r"\*\*… and (\d+) more\*\*", result.out)
    assert left is not None
    whole = read_json(penguin("diff", "--base", "HEAD", "--format", "json"))["apps"][0]["changes"]
    shown = told + result.out.count("<code>container/")
    assert shown + int(left[1]) == len(whole)
    assert result.out.count("<details>") == result.out.count("</details>")
