"""`x-allow`: what it covers, and what is said of one that covers nothing."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from penguin_compile.pipeline import check_file

HEAD = "penguin: 1\napp: {name: shop}\n"


def codes(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "shop.yaml"
    path.write_text(HEAD + dedent(text))
    return [one.code for one in check_file(path).findings]


@pytest.mark.parametrize("place", ["here", "above", "at the top"])
def test_it_covers_its_mapping_and_all_below(tmp_path: Path, place: str) -> None:
    allowed = "x-allow: {PC305: generated}"
    text = f"""
        {allowed if place == "at the top" else ""}
        config:
          {allowed if place == "above" else ""}
          a:
            default: x
            {allowed if place == "here" else ""}
        """
    assert codes(tmp_path, text) == ["PC312"]


def test_it_covers_nothing_beside_it(tmp_path: Path) -> None:
    text = """
        config:
          a: {default: x, x-allow: {PC305: generated}}
          b: {default: x}
        """
    assert sorted(codes(tmp_path, text)) == ["PC305", "PC312", "PC312"]


def test_guesses_are_errors_that_it_covers_and_others_are_not(tmp_path: Path) -> None:
    text = """
        variables:
          DB_PASS: {default: letter, x-allow: {PC402: a public constant, PC312: an example}}
          DB_USER: {sensitive: true, default: x, x-allow: {PC401: no, PC312: an example}}
        """
    assert codes(tmp_path, text) == ["PC401", "PC313"]


def test_one_that_is_needed_in_one_environment_is_needed(tmp_path: Path) -> None:
    text = """
        services: {api: {port: 80, health_check: false, x-allow: {PC301: a queue}}}
        environments:
          dev: {}
          prod: {protected: true, x-allow: {PC308: elsewhere}}
        """
    assert codes(tmp_path, text) == []


def test_one_that_two_places_give_is_used_in_both(tmp_path: Path) -> None:
    text = """
        config:
          x-allow: {PC305: generated, PC312: an example}
          a: {default: x, x-allow: {PC305: generated}}
        """
    assert codes(tmp_path, text) == []


def test_it_comes_with_an_import(tmp_path: Path) -> None:
    (tmp_path / "part.yaml").write_text("config: {a: {default: x, x-allow: {PC305: generated}}}\n")
    assert codes(tmp_path, "imports: [part.yaml]\n") == ["PC312"]


def test_no_reason_no_silence(tmp_path: Path) -> None:
    for reason in ('""', "null", "true", "[a]"):
        found = codes(tmp_path, f"config: {{a: {{x-allow: {{PC305: {reason}, PC312: so}}}}}}\n")
        assert sorted(found) == ["PC305", "PC313"]


def test_one_in_an_item_of_a_list_is_found(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    ports = "[{target: 80, published: 80, x-allow: {PC305: generated}}]"
    path.write_text(
        f"{HEAD}services: {{a: {{port: 80, container: {{image: a, ports: {ports}}}}}}}\n"
    )
    (idle,) = [one for one in check_file(path).findings if one.code == "PC313"]
    at = ("services", "a", "container", "ports", 0, "x-allow", "PC305")
    assert (idle.pointer, idle.message) == (at, "`x-allow` of PC305 silences nothing")
