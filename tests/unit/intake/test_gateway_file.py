"""The gateway's import files, read with their places: those of compile, and those of people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from penguin_compile.intake.gateway_file import read_gateway_file, read_gateway_files
from tests.requirements import inputs_folder


def row(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "ip_fqdn": "x", "port": 80, "collection": "shop", **fields}


def written(folder: Path, content: Any, name: str = "services.json") -> Path:
    path = folder / name
    text = content if isinstance(content, str) else json.dumps(content, indent="\t")
    path.write_text(text)
    return path


def test_the_example_of_the_template_is_read_whole() -> None:
    folder = inputs_folder() / "iceshelves" / "config" / "marchproxy"
    documents = []
    for name in ("services.json", "mappings.json", "import-config.json"):
        document, findings = read_gateway_file(folder / name, name)
        assert findings == []
        documents.append(document)
    found = read_gateway_files(None, [one for one in documents if one is not None])
    assert found.app == "projectname"
    assert [one.name for one in found.services] == ["flask-api", "go-backend", "webui"]
    assert [one.name for one in found.routes] == ["external-api", "webui-access"]
    assert str(found.services[0].place) == "import-config.json:10:15"
    assert found.services[0].tls_verify is True
    assert found.findings == ()


def test_json_that_is_no_usual_yaml(tmp_path: Path) -> None:
    service = row(
        "shop-a",
        note="tab\tslash/ \U0001f427 \ud83d\ude00".encode("utf-16", "surrogatepass").decode(
            "utf-16"
        ),
    )
    path = written(tmp_path, {"services": [service]})
    assert "\\ud83d" in path.read_text()
    document, findings = read_gateway_file(path, "services.json")
    assert findings == []
    assert document is not None
    assert document.root["services"][0]["note"] == service["note"]


@pytest.mark.parametrize(
    ("content", "message", "place"),
    [
        ('{"services": [', "a value was expected here", (1, 15)),
        ("[]", "no import file of MarchProxy", (1, 1)),
        ("{}", "no import file of MarchProxy", (1, 1)),
        ('{"services": {}}', "services is a list of objects", (1, 14)),
        ('{"services": [{"port": 1}]}', "each of services has a name", (1, 15)),
        ('{"services": [], "services": []}', "services", (1, 18)),
    ],
)
def test_what_is_no_import_file_is_told_with_its_place(
    tmp_path: Path, content: str, message: str, place: tuple[int, int]
) -> None:
    document, findings = read_gateway_file(written(tmp_path, content), "services.json")
    assert document is None
    assert message in findings[0].message
    assert (findings[0].span.line, findings[0].span.column) == place


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"port": 0}, "its port is 0, and no port"),
        ({"port": None}, "no port or no host"),
        ({"protocol": "spdy"}, "its protocol is 'spdy'"),
        ({"protocol": ["http"]}, "its protocol is ['http']"),
        ({"auth_type": "oauth"}, "its auth_type is 'oauth'"),
        ({"name": "api"}, 'doesn\'t begin with "shop-"'),
        ({"name": "shop-" + "x" * 60}, "can be no name in a spec"),
    ],
)
def test_a_service_that_a_spec_cant_say_is_left_out_and_told(
    tmp_path: Path, fields: dict[str, Any], reason: str
) -> None:
    rows = [row("shop-good"), {**row("shop-bad"), **fields}]
    document, _ = read_gateway_file(written(tmp_path, {"services": rows}), "services.json")
    assert document is not None
    found = read_gateway_files("shop", [document])
    assert [one.name for one in found.services] == ["good"]
    (finding,) = found.findings
    assert finding.code == "PC562"
    assert reason in finding.message


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"source_services": []}, "source_services is no list"),
        ({"dest_services": ["external"]}, 'leads to "external"'),
        ({"source_services": ["legacy"]}, 'comes from "legacy"'),
        ({"path_prefix": "api"}, "doesn't begin with a slash"),
        ({"listen_port": "443"}, "listen_port is '443'"),
    ],
)
def test_a_mapping_that_a_spec_cant_say_is_left_out_and_told(
    tmp_path: Path, fields: dict[str, Any], reason: str
) -> None:
    mapping = {"name": "shop-m", "source_services": ["external"], "dest_services": ["shop-a"]}
    content = {"services": [row("shop-a")], "mappings": [{**mapping, **fields}]}
    document, _ = read_gateway_file(written(tmp_path, content), "import-config.json")
    assert document is not None
    found = read_gateway_files("shop", [document])
    assert found.routes == ()
    assert reason in found.findings[0].message
