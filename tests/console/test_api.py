"""The standard's admin API: its paths, bodies, status codes, and what goes beyond them."""

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from penguin_compile.cli.program import run
from penguin_compile.live.config.sealing import is_sealed
from tests.console.consoles import SECRET

CONFIG = "/api/v1/config"


def stored(console, key):
    return console.sql(f"SELECT config_value, updated_by FROM config WHERE config_key = '{key}'")[0]


def test_a_list_is_what_the_standard_says(everywhere) -> None:
    answer = everywhere.get(CONFIG)
    assert answer.status_code == 200
    configs = answer.json()["configs"]
    assert set(answer.json()) == {"configs"}
    assert [one["category"] for one in configs] == sorted(one["category"] for one in configs)
    row = next(one for one in configs if one["key"] == "page_size")
    assert list(row) == [
        *("key", "value", "type", "category", "description", "last_updated", "updated_by"),
    ]
    assert row["value"] == "20"
    assert row["type"] == "integer"
    assert row["updated_by"] == "penguin-compile"
    assert "T" in row["last_updated"]
    secret = next(one for one in configs if one["key"] == "api_key")
    assert secret["value"] == "***SENSITIVE***"
    assert SECRET not in answer.text


def test_one_setting_is_read_changed_and_deleted(everywhere) -> None:
    read = everywhere.get(f"{CONFIG}/smtp_host")
    assert list(read.json()) == [
        *("key", "value", "type", "category", "description", "last_updated"),
    ]
    changed = everywhere.put("smtp_host", "mail.example.com")
    assert changed.status_code == 200
    assert changed.json() == {
        "message": "Configuration updated successfully",
        "key": "smtp_host",
        "updated_by": "ada@example.com",
    }
    assert stored(everywhere, "smtp_host") == ("mail.example.com", "ada@example.com")
    deleted = everywhere.call("DELETE", f"{CONFIG}/smtp_host")
    assert deleted.json() == {
        "message": "Configuration deleted successfully",
        "key": "smtp_host",
    }
    for method in ("GET", "DELETE"):
        gone = everywhere.call(method, f"{CONFIG}/smtp_host")
        assert gone.status_code == 404
        assert gone.json() == {"error": "Configuration not found"}
    assert everywhere.put("smtp_host", "x").status_code == 404
    actions = [one["action"] for one in everywhere.audit("config/smtp_host")]
    assert actions == ["create", "update", "delete"]
    (_, update, _) = everywhere.audit("config/smtp_host")
    assert (update["actor"], update["via"]) == ("ada@example.com", "api")
    assert json.loads(update["before"]) == {"fields": {"value": "localhost"}}
    assert json.loads(update["after"]) == {"fields": {"value": "mail.example.com"}}


@pytest.mark.parametrize(
    ("key", "given", "text"),
    [
        *(("page_size", one, "30") for one in (30, "30", 30.0, " 30 ")),
        *(("maintenance", one, "true") for one in (True, "true", "1", "YES")),
        *(("maintenance", one, "false") for one in (False, "no")),
        ("ratio", 0, "0"),
        ("ratio", "0.25", "0.25"),
        ("menu", {"b": None}, '{"b": null}'),
        ("menu", '["x"]', '["x"]'),
        ("menu", "null", "null"),
        ("smtp_host", "", ""),
        ("smtp_host", 5, "5"),
        ("smtp_host", "🐧 'ü\";--", "🐧 'ü\";--"),
    ],
)
def test_values_as_the_table_or_as_json_has_them(console, key, given, text) -> None:
    assert console.put(key, given).status_code == 200
    assert stored(console, key)[0] == text
    assert console.get(f"{CONFIG}/{key}").json()["value"] == text


@pytest.mark.parametrize(
    ("key", "given", "says"),
    [
        ("page_size", "many", "must be an integer"),
        ("page_size", True, "must be an integer"),
        ("page_size", "1_0", "must be an integer"),
        ("page_size", 501, "must be at most 500"),
        ("maintenance", "perhaps", "must be true or false"),
        ("theme", "blue", "must be one of"),
        ("menu", "{", "must be a JSON value"),
        ("ratio", "NaN", "must be a number"),
        ("smtp_host", ["x"], "must be a text"),
        ("smtp_host", "a\0b", "NUL"),
        ("api_key", "***SENSITIVE***", "stands for a value"),
    ],
)
def test_a_value_that_the_spec_refuses_is_not_written(console, key, given, says) -> None:
    before = stored(console, key)
    answer = console.put(key, given)
    assert answer.status_code == 400
    assert answer.json()["error"] == "Invalid value for config type"
    assert says in answer.json()["details"][0]
    assert stored(console, key) == before


@pytest.mark.parametrize("body", ["{}", '{"value": null}', "[]", "5"])
def test_a_body_without_a_value(console, body) -> None:
    headers = {"Content-Type": "application/json"}
    answer = console.call("PUT", f"{CONFIG}/theme", content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (400, {"error": "Value is required"})


def test_bodies_that_are_no_json_or_too_large(console) -> None:
    path = f"{CONFIG}/theme"
    json_type = {"Content-Type": "application/json"}
    assert console.call("PUT", path, content="{", headers=json_type).status_code == 400
    assert console.call("PUT", path, data={"value": "dark"}).status_code == 415
    assert console.put("theme", "x" * 2_000_000).status_code == 413


def test_a_secret_is_sealed_and_told_to_nobody(everywhere) -> None:
    answer = everywhere.put("api_key", "Other-canary-91")
    assert answer.status_code == 200
    assert is_sealed(stored(everywhere, "api_key")[0])
    assert "Other-canary-91" not in answer.text + json.dumps(everywhere.audit(), default=str)
    after = json.loads(everywhere.audit("config/api_key")[-1]["after"])
    assert after["secrets"]["value"]["fingerprint"]


def test_a_protected_key_is_not_deleted(console) -> None:
    answer = console.call("DELETE", f"{CONFIG}/locked")
    assert answer.status_code == 409
    assert "protected" in answer.json()["error"]
    assert console.get(f"{CONFIG}/locked").status_code == 200


def test_an_edit_of_what_changed_meanwhile_is_told_412(everywhere) -> None:
    tag = everywhere.get(f"{CONFIG}/theme").headers["etag"]
    first = everywhere.put("theme", "dark", headers={"If-Match": tag})
    assert first.status_code == 200
    assert first.headers["etag"] != tag
    late = everywhere.put("theme", "light", headers={"If-Match": tag})
    assert late.status_code == 412
    assert "changed meanwhile" in late.json()["error"]
    assert stored(everywhere, "theme")[0] == "dark"
    stale = {"If-Match": f'"other", {tag}'}
    assert everywhere.call("DELETE", f"{CONFIG}/theme", headers=stale).status_code == 412
    listed = {"If-Match": f'"other", {first.headers["etag"]}'}
    assert everywhere.put("theme", "light", headers=listed).status_code == 200
    assert everywhere.put("theme", "dark", headers={"If-Match": "*"}).status_code == 200
    weak = {"If-Match": f"W/{everywhere.get(f'{CONFIG}/theme').headers['etag']}"}
    assert everywhere.put("theme", "light", headers=weak).status_code == 412


@pytest.mark.parametrize("careful", [True, False])
def test_200_editors_of_one_key(everywhere, careful) -> None:
    """Each edit is done or told 412, and what was done is one chain without a gap."""
    headers = everywhere.tokens.headers()
    path = f"{CONFIG}/smtp_host"
    ready = threading.Barrier(20)
    local = threading.local()
    clients = [
        httpx.Client(base_url=everywhere.url, headers=headers, timeout=60) for _ in range(20)
    ]
    unused = iter(clients)

    def edit(number: int) -> int:
        if not hasattr(local, "client"):
            local.client = next(unused)
            ready.wait(30)
        tag = {"If-Match": local.client.get(path).headers["etag"]} if careful else {}
        body = {"value": f"host-{number}.example.com"}
        return local.client.put(path, json=body, headers=tag).status_code

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(edit, range(200)))
    for client in clients:
        client.close()
    counted = Counter(answers)
    assert set(counted) <= {200, 412}, counted
    assert counted[200] > 0
    history = everywhere.store.history("smtp_host", 1000)
    edits = [one for one in reversed(history) if one.action == "update"]
    assert len(edits) == counted[200]
    last = "localhost"
    for one in edits:
        assert one.before["value"] == last
        last = one.after["value"]
    assert stored(everywhere, "smtp_host")[0] == last


def test_plan_keeps_what_was_edited_here(console, capsys) -> None:
    console.put("page_size", 50)
    capsys.readouterr()
    assert run(["plan", str(console.spec), "--env", "dev"]) == 0
    said = capsys.readouterr().out
    assert "50" in said
    assert "ada@example.com" in said
    assert run(["apply", str(console.spec), "--env", "dev", "--yes"]) == 0
    assert stored(console, "page_size")[0] == "50"


def test_a_row_that_the_spec_does_not_have(console) -> None:
    console.sql(
        "INSERT INTO config (config_key, config_value, config_type, category) "
        "VALUES ('a/b c', '1', 'integer', 'own')"
    )
    assert console.get(f"{CONFIG}/a%2Fb%20c").json()["value"] == "1"
    assert console.put("a%2Fb%20c", "x").status_code == 400
    assert console.put("a%2Fb%20c", "2").status_code == 200
    assert console.call("DELETE", f"{CONFIG}/a%2Fb%20c").status_code == 200


def test_the_database_going_away_is_told(console, tmp_path) -> None:
    (tmp_path / "app.db").write_bytes(b"this is no database at all")
    answer = console.get(CONFIG)
    assert answer.status_code == 503
    assert "Traceback" not in answer.text
    assert answer.json()["error"]


def test_before_the_first_apply(tmp_path, surroundings) -> None:
    from tests.console.consoles import running, write_spec

    spec = write_spec(tmp_path, f"sqlite:///{tmp_path}/app.db")
    with running(spec, tmp_path) as console:
        assert console.get(CONFIG).json() == {"configs": []}
        assert console.get(f"{CONFIG}/theme").status_code == 404
        assert console.put("theme", "dark").status_code == 404
