"""`init` as a user types it: what it writes, what it says, and how it refuses."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Run

COMPOSE = """\
services:
  # The public API
  api:
    build: .
    ports: ["${API_PORT:-8080}:8080"]
    environment:
      LOG_LEVEL: ${LOG_LEVEL:-info}
      DB_PASS: ${DB_PASS:-Canary4711dbpass}
      API_TOKEN: Canary4711token
    healthcheck: {test: [CMD, curl, -f, "http://localhost:8080/healthz"]}
"""
ENV = """\
# Port of the host
API_PORT=9090
# Least level that is logged
LOG_LEVEL=debug
DB_PASS=Canary4711other
# OLD_FLAG=true
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "docker-compose.yml").write_text(COMPOSE)
    (folder / ".env.example").write_text(ENV)
    return folder


def test_a_first_spec_validates_compiles_and_is_laid_out(
    penguin: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = penguin("init", "new-app")
    assert (result.code, result.out) == (0, "")
    assert "wrote new-app/spec/new-app.yaml" in result.err
    text = Path("new-app/spec/new-app.yaml").read_text()
    assert "name: new-app" in text
    assert "myapp" not in text
    assert penguin("validate", "new-app/spec", "--strict").code == 0
    assert penguin("fmt", "new-app/spec", "--check").code == 0
    assert penguin("compile", "new-app/spec").code == 0


def test_an_app_is_taken_over_and_told(penguin: Run, shop: Path) -> None:
    taken = ("--from-compose", "docker-compose.yml", "--from-env", ".env.example")
    result = penguin("init", *taken)
    assert result.code == 0
    assert "means what the original means" in result.err
    text = (shop / "spec/shop.yaml").read_text()
    assert "Canary" not in text + result.out + result.err
    assert "# The public API" in text
    assert "API_PORT: {type: integer, default: 8080, description: Port of the host}" in text
    assert "  # .env.example:2 sets 9090" in text
    assert "log_level: {default: info, description: Least level that is logged}" in text
    assert 'DB_PASS: {sensitive: true, secret: "env:DB_PASS", required: true}' in text
    assert 'API_TOKEN: {secret: "env:API_TOKEN"}' in text
    assert "port: 8080" in text
    assert "OLD_FLAG: {type: boolean, default: true}" not in text
    assert "  # commented out in the env file: nothing sets it\n" in text
    for part in ("LOG_LEVEL", "1 service", "API_TOKEN", ".env.example:4"):
        assert part in result.out
    assert penguin("validate", "--strict").code == 0
    assert penguin("fmt", "--check").code == 0
    assert penguin("compile").code == 0
    compiled = Path("generated/shop/default/compose/docker-compose.yml").read_text()
    assert "${API_PORT:-8080}:8080" in compiled
    assert "Canary" not in compiled


def test_the_report_comes_as_json_and_markdown(penguin: Run, shop: Path) -> None:
    taken = ("--from-compose", "docker-compose.yml", "--from-env", ".env.example")
    data = json.loads(penguin("init", *taken, "--format", "json").out)
    placed = {one["name"]: one for one in data["variables"]}
    assert placed["LOG_LEVEL"]["section"] == "config"
    assert placed["LOG_LEVEL"]["services"] == ["api"]
    assert placed["LOG_LEVEL"]["description"] == "Least level that is logged"
    assert placed["OLD_FLAG"]["optional"] is True
    assert data["differences"] == []
    markdown = penguin("init", *taken, "--format", "markdown", "--force").out
    assert "#### Where each variable went" in markdown
    assert "Canary" not in json.dumps(data) + markdown


def test_a_spec_that_is_there_is_kept(penguin: Run, shop: Path) -> None:
    (shop / "spec").mkdir()
    (shop / "spec/shop.yaml").write_text("mine\n")
    for taken in ((), ("--from-compose", "docker-compose.yml")):
        result = penguin("init", *taken)
        assert result.code == 4
        assert "is there already, and was not touched" in result.err
        assert "--force" in result.err
        assert (shop / "spec/shop.yaml").read_text() == "mine\n"
    for copy in ("shop.yaml.bak", "shop.yaml.bak1"):
        result = penguin("init", "--from-compose", "docker-compose.yml", "--force")
        assert f"kept the old one as spec/{copy}" in result.err
        assert (shop / "spec" / copy).exists()
    assert (shop / "spec/shop.yaml.bak").read_text() == "mine\n"


def test_names_come_from_the_option_the_file_or_the_folder(penguin: Run, shop: Path) -> None:
    taken = ("--from-compose", "docker-compose.yml")
    assert "wrote spec/shop.yaml" in penguin("init", *taken).err
    assert "wrote spec/other-name.yaml" in penguin("init", *taken, "--app", "Other_Name").err
    assert "name: shop" in (shop / "spec/other-name.yaml").read_text()
    (shop / "docker-compose.yml").write_text("name: by_file\n" + COMPOSE)
    result = penguin("init", *taken)
    assert "wrote spec/by-file.yaml" in result.err
    assert "means what the original means" in result.err


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("services:\n  a: [\n", "PC101", "docker-compose.yml:3:1"),
        ("services: {a: {image: x}}\nservices: {}\n", "PC102", "docker-compose.yml:2:1"),
        ("- a\n", "PC551", "a Compose file is a mapping, this is a list"),
        ("", "PC551", "the file is empty"),
        ("web:\n  image: x\n", "PC551", "a Compose file of version 1"),
        ("networks: {a: {}}\n", "PC551", "there is no `services:`"),
        ('services: {a: {image: "x:${}"}}\n', "PC554", "write $$ for a dollar sign"),
        ("services: {a: {extends: b}, b: {extends: a}}\n", "PC552", '"a" extends itself'),
        ("services: {a: {extends: gone}}\n", "PC552", "which is not there"),
        ("services: {a: {extends: {file: no.yml, service: a}}}\n", "PC552", "there is no file"),
        ("include: [docker-compose.yml]\nservices: {}\n", "PC552", "leads back to itself"),
        ("include: [../../etc/passwd]\nservices: {}\n", "PC552", "leads out of the repository"),
        ("include: ['https://x.example/c.yml']\nservices: {}\n", "PC552", "not a file of this"),
        ("services: {a: !!python/object:x {image: x}}\n", "PC101", "is not allowed"),
        (f"services: {'[' * 300}{']' * 300}\n", "PC108", "nested deeper"),
        ("services: {a: {image: x, 1: 2}}\n", "PC104", "a key must be a string"),
    ],
)
def test_what_compose_would_refuse_is_told_with_its_place(
    penguin: Run, shop: Path, text: str, code: str, said: str
) -> None:
    (shop / "docker-compose.yml").write_text(text)
    result = penguin("init", "--from-compose", "docker-compose.yml")
    assert result.code == 1
    assert f"[{code}]" in result.err
    assert said in " ".join(result.err.split())
    assert "docker-compose.yml:" in result.err
    assert "nothing was written" in result.err
    assert not (shop / "spec").exists()


def test_links_out_of_the_repository_are_not_followed(penguin: Run, shop: Path) -> None:
    outside = shop.parent / "outside.yml"
    outside.write_text(COMPOSE)
    (shop / "link.yml").symlink_to(outside)
    result = penguin("init", "--from-compose", "link.yml")
    assert result.code == 1
    assert "link.yml is a link that leads out of the repository" in result.err
    (shop / "docker-compose.yml").write_text("include: [link.yml]\nservices: {}\n")
    result = penguin("init", "--from-compose", "docker-compose.yml")
    assert "leads out of the repository" in " ".join(result.err.split())
    assert "PC552" in result.err


def test_missing_files_and_wrong_use_say_what_to_type(penguin: Run, shop: Path) -> None:
    result = penguin("init", "--from-compose", "gone.yml")
    assert (result.code, "there is no file gone.yml" in result.err) == (1, True)
    result = penguin("init", "--from-compose", "docker-compose.yml", "--from-env", "gone.env")
    assert (result.code, "there is no file gone.env" in result.err) == (1, True)
    result = penguin("init", "--from-compose", "docker-compose.yml", "--format", "sarif")
    assert (result.code, "--report-only" in result.err) == (64, True)
    result = penguin("init", "--strict")
    assert (result.code, "--report-only" in result.err) == (64, True)
    assert not (shop / "spec").exists()


def test_shell_code_in_an_env_file_is_text(penguin: Run, shop: Path) -> None:
    marker = shop / "run"
    (shop / ".env.example").write_text(f"WHEN=$(touch {marker})\nWHO=`touch {marker}`\nnot one\n")
    taken = ("--from-compose", "docker-compose.yml", "--from-env", ".env.example")
    result = penguin("init", *taken)
    assert result.code == 0
    assert not marker.exists()
    assert "it is never run, and stays text" in " ".join(result.out.split())
    assert "this line is no assignment" in " ".join(result.out.split())
    assert penguin("validate").code == 0


def test_a_first_spec_tells_of_the_files_that_are_there(penguin: Run, shop: Path) -> None:
    result = penguin("init")
    assert result.code == 0
    assert "init --from-compose docker-compose.yml --from-env .env.example --force" in result.err


def test_paths_start_at_the_repository(penguin: Run, shop: Path) -> None:
    """Where the app is a folder of a larger repository, and `init` is called elsewhere."""
    subprocess.run(["git", "init", "-q", str(shop.parent)], check=True)
    (shop / "docker-compose.yml").write_text(COMPOSE + '    volumes: ["./data:/data"]\n')
    result = penguin("-C", str(shop.parent), "init", "shop", "--from-compose", "docker-compose.yml")
    assert result.code == 0, result.err
    assert "means what the original means" in result.err
    text = (shop / "spec/shop.yaml").read_text()
    assert "build: ./shop" in text
    assert "./shop/data:/data" in text
