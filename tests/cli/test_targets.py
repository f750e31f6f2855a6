"""Which targets are written: by default, by the spec's word, by name."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run

FOLDER = Path("generated/shop/dev")


def test_a_spec_switches_targets_on_and_off_for_good(penguin: Run, shop: Path) -> None:
    shop.write_text(shop.read_text() + "outputs: {targets: {pydal: true, docs: false}}\n")
    for _ in range(2):
        assert penguin("compile").code == 0
        assert (FOLDER / "pydal" / "config_table.py").is_file()
        assert not (FOLDER / "docs").exists()
        assert penguin("compile", "--check").code == 0
    shop.write_text(shop.read_text().replace("pydal: true, docs: false", "docs: true"))
    assert penguin("compile").code == 0
    assert not (FOLDER / "pydal").exists()
    assert (FOLDER / "docs" / "reference.md").is_file()


def test_a_target_that_does_not_exist_is_told_at_its_place(penguin: Run, shop: Path) -> None:
    shop.write_text(shop.read_text() + "outputs: {targets: {pydall: true}}\n")
    result = penguin("validate")
    assert result.code == 1
    assert "PC103" in result.out
    assert 'did you mean "pydal"?' in result.out


def test_one_target_by_name_leaves_the_files_of_others(penguin: Run, shop: Path) -> None:
    assert penguin("compile").code == 0
    env = FOLDER / "env" / ".env.example"
    env.write_text(env.read_text() + "# edited by hand\n")
    assert penguin("compile", "--target", "sql").code == 0
    assert env.read_text().endswith("# edited by hand\n")
    refused = penguin("compile")
    assert (refused.code, "--force" in refused.err) == (4, True)
    assert penguin("compile", "--force").code == 0
    assert not env.read_text().endswith("# edited by hand\n")
