"""Several specs in one run: no app takes another's name on the gateway."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("first", "second", "name"),
    [
        (("shop", "api-web"), ("shop-api", "web"), "shop-api-web"),
        (("shop", "api"), ("shop", "api"), "shop-api"),
    ],
)
def test_two_apps_that_share_a_name_on_the_gateway_are_told(
    penguin: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    first: tuple[str, str],
    second: tuple[str, str],
    name: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for file, (app, service) in (("a.yaml", first), ("b.yaml", second)):
        Path(file).write_text(
            f"penguin: 1\napp: {{name: {app}}}\nservices:\n  {service}: {{port: 80}}\n"
            "environments: {dev: {}, prod: {}}\n"
        )
    result = penguin("validate", "a.yaml", "b.yaml")
    assert result.code == 1
    assert result.out.count("PC211") == 1
    assert f'one name on MarchProxy: "{name}"' in result.out.replace("\n  ", " ")
    assert "b.yaml:4:3" in result.out
    assert "a.yaml:4:3" in result.out
    assert penguin("validate", "a.yaml").code == 0
    assert penguin("validate", "b.yaml").code == 0
