from __future__ import annotations

import sys
import zipfile
from importlib.metadata import Distribution

import pytest

from penguin_compile.core.errors import PenguinError, UsageError
from penguin_compile.core.registry import Registry

GROUP = "penguin_compile.test_registry"


def registry():
    return Registry("thing", {"own": "json:loads"}, group=GROUP)


def metadata(name, *entries):
    lines = "\n".join(entries)
    return {
        f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{name}-1.0.dist-info/entry_points.txt": f"[{GROUP}]\n{lines}\n",
    }


@pytest.fixture
def install(tmp_path, monkeypatch):
    def write(name, *entries):
        for path, text in metadata(name, *entries).items():
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_text(text)

    monkeypatch.syspath_prepend(tmp_path)
    return write


def test_names_of_packages_come_after_our_own_and_in_order(install):
    install("one", "b = json:dumps", "a = json:load")
    things = registry()
    assert list(things) == ["own", "a", "b"]
    assert (things.package("a"), things.package("own")) == ("one", None)
    assert things.load("b").__name__ == "dumps"


def test_an_archive_on_the_path_is_searched_too(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
        for path, text in metadata("packed", "zipped = json:dumps").items():
            archive.writestr(path, text)
    monkeypatch.syspath_prepend(tmp_path / "packed.zip")
    assert "zipped" in registry()


def test_a_finder_of_another_kind_is_asked_too(tmp_path, monkeypatch):
    class Packed(Distribution):
        def read_text(self, filename):
            return metadata("found", "other = json:dumps").get(f"found-1.0.dist-info/{filename}")

        def locate_file(self, path):
            return tmp_path / path

    class Finder:
        @staticmethod
        def find_spec(*_):
            return None

        @staticmethod
        def find_distributions(*_):
            return [Packed()]

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder])
    assert "other" in registry()


def test_where_no_package_names_the_group_there_are_our_own_alone():
    assert list(registry()) == ["own"]
    with pytest.raises(UsageError, match='no thing is called "owm"; did you mean "own"'):
        registry().load("owm")


def test_two_packages_with_one_name_are_both_told(install):
    install("one", "a = json:load")
    install("two", "a = json:loads")
    with pytest.raises(PenguinError, match=r'both bring a thing "a"'):
        list(registry())
