"""Each safety rule of sync.md at the command line: refused, and let through by what it prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from penguin_compile.sandbox.server import Sandbox
from tests.cli.conftest import Run
from tests.cli.live_edits import replace, rows

APPLY = ("apply", "--env", "dev", "--yes")
THEME = "  theme: {default: light, description: Colours}\n"
SIZE = "  page_size: {type: integer, default: 20, description: Rows on a page}\n"
KEY = '  api_key: {sensitive: true, secret: "env:SHOP_API_KEY", description: Key of the shop}\n'
ROUTES = (
    "routes:\n  public: {from: [external], to: [api], listen: {port: 443, protocol: https}, "
    "path_prefix: /api}\n"
)


def paste(refused: str) -> list[str]:
    """The flags that a refusal prints, as a person copies them."""
    flags = dict.fromkeys(re.findall(r"(--max-\w+ \d+) allows it", refused))
    return [part for flag in flags for part in flag.split()]


def many(spec: Path, value: str, count: int = 10) -> None:
    """So many keys more than `page_size` and `theme`, all with this default."""
    text = spec.read_text()
    start, end = text.index("config:\n") + len("config:\n"), text.index(THEME)
    keys = "".join(f"  n{one}: {{default: {value}, description: N}}\n" for one in range(count))
    spec.write_text(text[:start] + keys + text[end:])


def test_a_delete_needs_prune(penguin: Run, applied: Path) -> None:
    replace(applied, SIZE, "")
    held = penguin(*APPLY)
    assert (held.code, "(needs --prune)" in held.out) == (0, True)
    assert "page_size" in rows()
    assert penguin(*APPLY, "--prune").code == 0
    assert "page_size" not in rows()


def test_more_than_30_per_cent_of_at_least_ten_are_not_updated_at_once(
    penguin: Run, applied: Path
) -> None:
    many(applied, "a")
    assert penguin(*APPLY).code == 0
    many(applied, "b", count=3)  # 3 of 12
    text = applied.read_text()
    rest = "".join(f"  n{one}: {{default: a, description: N}}\n" for one in range(3, 10))
    applied.write_text(text.replace(THEME, rest + THEME))
    assert penguin(*APPLY).code == 0
    many(applied, "c")
    assert "apply would refuse this: 10 of 12" in penguin("plan", "--env", "dev").err
    refused = penguin(*APPLY)
    assert refused.code == 4
    assert "10 of 12 config keys would be updated; --max-updates 10 allows it" in refused.err
    assert rows()["n9"] == "a"
    assert penguin(*APPLY, "--max-updates", "80%").code == 4
    assert penguin(*APPLY, *paste(refused.err)).code == 0
    assert rows()["n9"] == "c"


def test_below_ten_all_may_be_updated(penguin: Run, applied: Path) -> None:
    replace(applied, "default: light", "default: blue")
    replace(applied, "default: 20", "default: 50")
    assert penguin(*APPLY).code == 0


def test_the_share_is_of_all_that_is_ours_whatever_only_covers(penguin: Run, applied: Path) -> None:
    many(applied, "a")
    assert penguin(*APPLY).code == 0
    replace(applied, SIZE, "")
    assert penguin(*APPLY, "--prune", "--only", "config/page_size").code == 0
    assert "page_size" not in rows()


def test_more_than_30_per_cent_are_not_deleted_at_once(penguin: Run, applied: Path) -> None:
    many(applied, "a")
    assert penguin(*APPLY).code == 0
    many(applied, "a", count=5)
    refused = penguin(*APPLY, "--prune")
    assert refused.code == 4
    assert "5 of 12 config keys would be deleted; --max-deletes 5 allows it" in refused.err
    assert len(rows()) == 12
    assert penguin(*APPLY, "--prune", *paste(refused.err)).code == 0
    assert len(rows()) == 7


def test_the_environment_says_other_limits_and_a_flag_goes_before(
    penguin: Run, applied: Path
) -> None:
    many(applied, "a")
    assert penguin(*APPLY).code == 0
    many(applied, "b")
    replace(applied, "  dev:\n", "  dev:\n    limits: {max_updates: 90%}\n")
    assert penguin(*APPLY, "--max-updates", "2").code == 4
    assert penguin(*APPLY).code == 0


def test_deleting_all_of_a_kind_and_losing_a_kind_need_a_limit(
    penguin: Run, applied: Path, sandbox: Sandbox
) -> None:
    replace(applied, ROUTES, "")
    for flags in ((), ("--prune",)):
        refused = penguin(*APPLY, *flags)
        assert refused.code == 4
        assert "the spec has no mappings any more, and 1 mapping was applied here" in refused.err
        assert "--max-deletes 1 allows it" in refused.err
    assert penguin(*APPLY, "--prune", *paste(refused.err)).code == 0
    assert penguin("plan", "--env", "dev", "--detailed-exitcode").code == 0


def test_an_empty_spec_is_refused_and_loses_no_memory(penguin: Run, applied: Path) -> None:
    text = applied.read_text()
    head, tail = text.index("services:"), text.index("environments:")
    applied.write_text(text[:head] + text[tail:])
    refused = penguin(*APPLY)
    assert refused.code == 4
    assert "the spec is empty, and 2 config keys were applied here" in refused.err
    assert refused.err.count("--max-deletes 2 allows it") == 3
    assert rows() == {"theme": "light", "page_size": "20"}
    assert penguin(*APPLY, "--prune", *paste(refused.err)).code == 0
    assert rows() == {}


def test_one_config_table_serves_one_app(penguin: Run, applied: Path) -> None:
    replace(applied, "name: shop", "name: store")
    refused = penguin(*APPLY)
    assert refused.code == 4
    assert 'belongs to another app than "store": its ledger knows the keys of shop' in refused.err
    assert penguin(*APPLY, *paste(refused.err)).code == 0
    assert penguin(*APPLY).code == 0  # what is decided is not asked again


def test_another_app_may_have_a_table_of_its_own_in_the_same_database(
    penguin: Run, applied: Path
) -> None:
    replace(applied, "name: shop", "name: store")
    with applied.open("a") as spec:
        spec.write("outputs: {sql: {table: store_config}}\n")
    assert penguin(*APPLY).code == 0


def test_a_protected_environment_refuses_yes(penguin: Run, shop: Path) -> None:
    refused = penguin("apply", "--env", "prod", "--yes")
    assert refused.code == 4
    assert "penguin-compile plan --env prod --out plan.json" in refused.err
    assert not Path("dev.db").exists()


@pytest.mark.parametrize("block", ["stands", "is gone"])
def test_what_is_protected_is_not_deleted(penguin: Run, shop: Path, block: str) -> None:
    replace(shop, "default: light,", "default: light, protected: true,")
    assert penguin(*APPLY).code == 0
    line = "  theme: {default: light, protected: true, description: Colours}\n"
    if block == "stands":
        new = "  themes: {default: light, protected: true, description: Colours}\n"  # a rename
        replace(shop, line, new)
    else:
        replace(shop, line, "")
    refused = penguin(*APPLY, "--prune", "--max-deletes", "100%")
    assert refused.code == 4
    assert "config/theme is protected" in refused.err
    assert rows()["theme"] == "light"
    (flag,) = re.findall(r"release it with (--keep-live \S+)", refused.err)
    assert penguin(*APPLY, "--prune", *flag.split()).code == 0
    assert rows()["theme"] == "light"
    assert penguin("plan", "--env", "dev", "--detailed-exitcode").code == 0


def test_a_protected_service_is_not_deleted(penguin: Run, shop: Path) -> None:
    replace(shop, "port: 8080,", "port: 8080, protected: true,")
    replace(shop, "routes:", "  web: {port: 80}\nroutes:")
    assert penguin(*APPLY).code == 0
    text = shop.read_text()
    start, end = text.index("  api: {port"), text.index("  web:")
    shop.write_text(text[:start] + text[end:].replace("to: [api]", "to: [web]"))
    refused = penguin(*APPLY, "--prune")
    assert (refused.code, "service/shop-api is protected" in refused.err) == (4, True)


def test_without_a_terminal_it_is_told_what_else_there_is(penguin: Run, shop: Path) -> None:
    result = penguin("apply", "--env", "dev")
    assert result.code == 64
    assert "--yes" in result.err
    assert "--out FILE" in result.err


def test_a_secret_that_is_missing_stops_before_the_first_write(
    penguin: Run, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENGUIN_CONFIG_KEYS", "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
    replace(shop, "sensitive: true,", "sensitive: true, required: true,")
    result = penguin(*APPLY)
    assert result.code == 1
    assert "env:SHOP_API_KEY" in result.err
    assert not Path("dev.db").exists()
