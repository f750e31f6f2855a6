"""Where variables go, by which evidence, and what the report says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from penguin_compile.adoption import Request, adopt
from penguin_compile.intake.placement import Placement

COMPOSE = """\
services:
  api:
    build: .
    environment:
      SMTP_HOST: ${SMTP_HOST:-localhost}
      SMTP_PASSWORD: ${SMTP_PASSWORD:-}
      MAX_USERS: ${MAX_USERS:-05}
      CACHE_TTL: ${CACHE_TTL:-60}
      RATE_LIMIT_ENABLED: ${RATE_LIMIT_ENABLED:-true}
      FEATURE_A: ${FEATURE_A:-true}
      FEATURE_B: ${FEATURE_B:-True}
      FEATURE_C: ${OTHER:-x}
      BACKUP_DAYS: ${BACKUP_DAYS:?how long}
      PORT: ${PORT:-80}
      RATIO: ${RATIO:-0.5}
      IMAGE_TAG: ${IMAGE_TAG:-1.10}
      S3_ACCESS_KEY: ${S3_USER:-storage}
      S3_SECRET: ${S3_PASS_OF_USER:-storage-key}
      SIGNING_KEY: ${SIGNING_KEY:-0123456789abcdef0123456789abcdef}
  worker:
    build: .
    environment: {CACHE_TTL: "${CACHE_TTL:-90}", FEATURE_A: "false"}
  grafana:
    image: grafana/grafana:11
    environment: {RATE_LIMIT_ENABLED: "${RATE_LIMIT_ENABLED:-true}"}
"""
ENV = """\
SMTP_HOST=mail
FEATURE_D=true
#FEATURE_E=1
COMPOSE_PROJECT_NAME=shop
GITHUB_TOKEN=Canary1
"""


@pytest.fixture(scope="module")
def placed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Placement]:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "compose.yml").write_text(COMPOSE)
    (folder / "x.env").write_text(ENV)
    request = Request(
        directory=folder, compose_files=[folder / "compose.yml"], env_files=[folder / "x.env"]
    )
    adoption = adopt(request)
    assert not adoption.checked.has_errors
    assert adoption.unexplained == []
    return adoption.intake.placements


@pytest.mark.parametrize(
    ("name", "kind", "kept_as", "default"),
    [
        ("SMTP_HOST", "config", "string", "localhost"),
        ("SMTP_PASSWORD", "config", "string", None),
        ("MAX_USERS", "config", "string", "05"),
        ("CACHE_TTL", "variables", "integer", "60"),
        ("RATE_LIMIT_ENABLED", "variables", "boolean", "true"),
        ("FEATURE_A", "variables", "boolean", "true"),
        ("FEATURE_B", "config", "string", "True"),
        ("OTHER", "variables", "string", "x"),
        ("BACKUP_DAYS", "variables", "string", None),
        ("PORT", "variables", "integer", "80"),
        ("RATIO", "variables", "number", "0.5"),
        ("IMAGE_TAG", "variables", "string", "1.10"),
        ("S3_USER", "variables", "string", "storage"),
        ("S3_PASS_OF_USER", "secret", "string", None),
        ("SIGNING_KEY", "secret", "string", None),
        ("FEATURE_D", "config", "boolean", "true"),
        ("FEATURE_E", "config", "integer", None),
        ("COMPOSE_PROJECT_NAME", "left out", "string", "shop"),
        ("GITHUB_TOKEN", "secret", "string", None),
    ],
)
def test_each_goes_where_its_evidence_says(placed, name, kind, kept_as, default):
    one = placed[name]
    assert (one.kind.value, one.default) == (kind, default)
    assert one.type == kept_as or kind == "left out"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("SMTP_HOST", "by its name a setting (email)"),
        ("CACHE_TTL", "containers fall back to different values"),
        ("RATE_LIMIT_ENABLED", "grafana, which is not the app's own program"),
        ("FEATURE_A", "a container sets it to a value of its own"),
        ("BACKUP_DAYS", "a container demands it"),
        ("PORT", "no run-time setting by its name"),
        ("S3_PASS_OF_USER", "a secret"),
    ],
)
def test_each_says_why(placed, name, why):
    assert why in placed[name].reason


def test_what_is_demanded_and_what_is_commented_out_is_noted(placed):
    assert placed["BACKUP_DAYS"].required
    assert placed["BACKUP_DAYS"].description == "how long"
    assert placed["FEATURE_E"].optional
    assert placed["SIGNING_KEY"].required
    assert not placed["SMTP_PASSWORD"].required
    assert placed["CACHE_TTL"].services == ("api", "worker")
    assert placed["SMTP_HOST"].notes == (f"{placed['SMTP_HOST'].places[0].path}:1 sets mail",)
    assert Path(placed["SMTP_HOST"].places[0].path).name == "x.env"
