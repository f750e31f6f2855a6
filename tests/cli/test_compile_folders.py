"""Where compile writes: folders that the spec names, what is refused, and what is left behind."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from penguin_compile.sandbox.server import Sandbox
from tests.cli.conftest import Run

OWN = "outputs: {marchproxy: {directory: config/marchproxy, environment: prod}}\n"


@pytest.fixture(autouse=True)
def _repository(shop: Path) -> None:
    """Its root is where git's folder is."""
    Path(".git").mkdir()


def add(shop: Path, text: str) -> None:
    shop.write_text(shop.read_text() + text)


def tree(folder: Path) -> dict[str, str]:
    files = (one for one in folder.rglob("*") if one.is_file())
    return {
        str(one.relative_to(folder)): one.read_text()
        for one in files
        if ".penguin_cache" not in str(one)
    }


def test_a_target_has_a_folder_of_its_own(
    shop: Path, penguin: Run, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    penguin("compile")
    default = tree(Path("generated/shop/prod"))
    add(shop, OWN)
    assert penguin("compile").code == 0
    own = tree(Path("config/marchproxy"))
    assert set(own) == {
        *("services.json", "mappings.json", "import-config.json", "marchproxy-import.sh"),
        "manifest.json",
    }
    assert own["services.json"] == default["marchproxy/services.json"]
    assert set(json.loads(own["manifest.json"])["artifacts"]) == set(own) - {"manifest.json"}
    assert not Path("generated/shop/prod/marchproxy").exists()  # moved, not doubled
    assert not Path("generated/shop/prod/scripts").exists()
    assert Path("generated/shop/dev/marchproxy/services.json").exists()
    assert penguin("compile", "--check").code == 0
    monkeypatch.setenv("MARCHPROXY_API", sandbox.url)
    script = Path("config/marchproxy/marchproxy-import.sh").resolve()
    done = subprocess.run([script], cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_paths_in_a_compose_file_start_at_its_folder(shop: Path, penguin: Run) -> None:
    spec = shop.read_text().replace('{image: "shop/api:1"}', "{build: ./services/api}")
    shop.write_text(f"{spec}outputs: {{compose: {{directory: deploy}}}}\n")
    assert penguin("compile").code == 0
    for environment in ("dev", "prod"):  # a folder for each
        text = Path(f"deploy/{environment}/docker-compose.yml").read_text()
        assert 'build: "../../services/api"' in text


def test_out_stands_for_every_folder(shop: Path, penguin: Run) -> None:
    add(shop, OWN)
    assert penguin("compile", "--out", "elsewhere").code == 0
    assert Path("elsewhere/shop/prod/marchproxy/services.json").exists()
    assert not Path("config").exists()


def test_an_environment_that_is_gone_leaves_nothing_behind(shop: Path, penguin: Run) -> None:
    penguin("compile")
    Path("generated/shop/prod/notes.txt").write_text("mine")
    text = shop.read_text()
    shop.write_text("".join(line for line in text.splitlines(True) if "prod:" not in line))
    assert penguin("compile", "--check").code == 2
    result = penguin("compile")
    assert re.search(r"generated/shop/prod: \d+ removed\n", result.out)
    assert tree(Path("generated/shop/prod")) == {"notes.txt": "mine"}
    assert penguin("compile", "--check").code == 0


def test_a_folder_beside_it_that_is_another_programs_stays(shop: Path, penguin: Run) -> None:
    theirs = Path("generated/shop/site")
    theirs.mkdir(parents=True)
    (theirs / "manifest.json").write_text('{"name": "a web app"}')
    assert penguin("compile").code == 0
    assert tree(theirs) == {"manifest.json": '{"name": "a web app"}'}


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("outputs: {directory: ../out}\n", 1, "a folder inside the repository"),
        ("outputs: {sql: {directory: /etc}}\n", 1, "a folder inside the repository"),
        ("outputs: {sql: {directory: a/../../b}}\n", 1, "a folder inside the repository"),
        ("outputs: {sql: {directory: db, environment: prdo}}\n", 1, 'did you mean "prod"?'),
        (
            "outputs: {sql: {directory: db}, license: {directory: db}}\n",
            64,
            "db/dev is wanted by shop in dev, target sql and by shop in dev, target license",
        ),
        ("outputs: {sql: {directory: generated/shop/dev, environment: dev}}\n", 64, "is wanted by"),
        ("services: {API: {port: 1}}\n", 1, ""),
    ],
)
def test_a_folder_that_can_not_be_is_refused(
    shop: Path, penguin: Run, text: str, code: int, told: str
) -> None:
    penguin("compile")
    before = tree(Path())
    add(shop, text)
    result = penguin("compile")
    assert result.code == code
    assert told in result.out + result.err
    after = tree(Path())
    del before["spec/shop.yaml"], after["spec/shop.yaml"]
    assert after == before


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", ""])
def test_an_environments_name_is_a_folders_name(shop: Path, penguin: Run, name: str) -> None:
    shop.write_text(shop.read_text().replace("  prod:", f"  {json.dumps(name)}:"))
    result = penguin("compile")
    assert result.code == 1
    assert "letters, digits, dots, underscores and hyphens" in result.err
    assert not Path("generated").exists()


def test_names_that_differ_in_case_alone_are_refused(shop: Path, penguin: Run) -> None:
    text = shop.read_text()
    shop.write_text(text.replace("  prod:", "  Dev:"))
    result = penguin("compile")
    assert result.code == 64
    assert "generated/shop/Dev is wanted by shop in dev and by shop in Dev" in result.err
    secret = "environment: {K: {secret: 'env:K'}}"
    other = f"  API: {{port: 81, container: {{image: x}}, {secret}}}\nroutes:"
    again = text.replace('"shop/api:1"}', f'"shop/api:1"}}, {secret}')
    shop.write_text(again.replace("routes:", other))
    result = penguin("compile")
    assert result.code == 1
    assert "env/API.env.example and env/api.env.example are one file" in result.err
    assert not Path("generated").exists()


@pytest.mark.parametrize("link", ["generated", "generated/shop", "generated/shop/dev"])
def test_a_link_that_leads_elsewhere_is_not_written_through(
    shop: Path, penguin: Run, tmp_path_factory: pytest.TempPathFactory, link: str
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    Path(link).parent.mkdir(parents=True, exist_ok=True)
    Path(link).symlink_to(elsewhere)
    result = penguin("compile")
    assert result.code == 1
    assert "by a link; nothing was written" in result.err
    assert not any(elsewhere.iterdir())
    assert penguin("compile", "--out", link).code in {0, 1}  # a folder that is named may be a link


def test_an_artifact_that_its_reader_would_refuse_is_not_written(
    shop: Path, penguin: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from penguin_compile.targets import marchproxy

    monkeypatch.setattr(marchproxy, "service_fields", lambda *_: {"name": "nameless"})
    result = penguin("compile")
    assert result.code == 1
    assert "services.json would be wrong" in result.err
    assert not Path("generated").exists()


@pytest.mark.slow
def test_two_compiles_at_once(shop: Path) -> None:
    command = [sys.executable, "-m", "penguin_compile", "compile", "--no-cache"]
    for theme in ("dark", "light"):
        shop.write_text(shop.read_text().replace("default: light", f"default: {theme}"))
        runs = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(4)]
        assert [one.wait() for one in runs] == [0] * 4, [one.stderr.read() for one in runs]
        for one in runs:
            one.stderr.close()
    done = subprocess.run([*command, "--check"], capture_output=True, check=False)
    assert done.returncode == 0
    assert sorted(one.name for one in Path("generated/shop").iterdir()) == ["dev", "prod"]


def test_a_compile_waits_for_another_and_says_so(shop: Path, penguin: Run, monkeypatch) -> None:
    from penguin_compile.artifacts import lock

    held = lock.writing
    monkeypatch.setattr(lock, "writing", lambda root: held(root, patience=0.1))
    with held(Path.cwd()):
        result = penguin("compile")
    assert result.code == 6
    assert "another penguin-compile has been writing" in result.err
    assert not Path("generated").exists()
    assert penguin("compile").code == 0
