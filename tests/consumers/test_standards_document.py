"""The standards document beside what is compiled: its own examples, its own code, its own SQL."""

from __future__ import annotations

import ast
import json
import re
import runpy
from contextlib import closing
from datetime import datetime
from types import SimpleNamespace

import jsonschema_rs
import pytest
from dotenv import dotenv_values
from pydal import DAL, Field
from pydal.validators import IS_IN_SET
from ruamel.yaml import YAML

from penguin_compile.model.setting import STANDARD_CATEGORIES
from tests.consumers.seeded_database import scripts
from tests.models import example_app, read_app, render
from tests.requirements import standards_document
from tests.settings_reader import get_config

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def section(title):
    """The text under a heading, to the next one of its level or above."""
    document = standards_document()
    # a comment of a script is no heading
    bare = _FENCE.sub(lambda found: re.sub(r"[^\n]", ".", found[0]), document)
    heading = re.search(rf"^(#+) {re.escape(title)}$", bare, re.MULTILINE)
    assert heading, title
    after = re.compile(rf"^#{{1,{len(heading[1])}}} ", re.MULTILINE).search(bare, heading.end())
    return document[heading.end() : after.start() if after else None]


def block(title, language, containing=""):
    """The one example in a language under a heading."""
    (text,) = (
        text
        for kind, text in _FENCE.findall(section(title))
        if kind == language and containing in text
    )
    return text


SERVICES = ("Service Definition Format", "json")
MAPPINGS = ("Mapping Definition Format", "json")


def examples():
    """The services and mappings of the document."""
    return (
        json.loads(block(*SERVICES))["services"],
        json.loads(block(*MAPPINGS))["mappings"],
    )


def gateway_app():
    """A spec that says what the document's examples say."""
    services, mappings = examples()

    def own(name):
        return name.removeprefix("myapp-")

    spec = {
        "penguin": 1,
        "app": {"name": "myapp", "version": "1.4.0"},
        "services": {
            own(one["name"]): {
                "host": one["ip_fqdn"],
                "port": one["port"],
                "protocol": one["protocol"],
                "auth": one["auth_type"],
                "tls": {"enabled": one["tls_enabled"]},
                "health_check": {
                    "path": one["health_check_path"],
                    "interval": one["health_check_interval"],
                },
            }
            for one in services
        },
        "routes": {
            own(one["name"]): {
                "description": one["description"],
                "from": [own(name) for name in one["source_services"]],
                "to": [own(name) for name in one["dest_services"]],
                "listen": {"port": one["listen_port"], "protocol": one["protocol"]},
                "path_prefix": one["path_prefix"],
            }
            for one in mappings
        },
    }
    return read_app(json.dumps(spec))


def exact(value):
    """Text that tells the order of keys, and 1 from true."""
    return json.dumps(value, indent=1)


@pytest.mark.parametrize("app", [gateway_app, example_app])
def test_services_and_mappings_are_the_documents(app):
    artifacts = render("marchproxy", app())
    for path, place in (("services", SERVICES), ("mappings", MAPPINGS)):
        emitted = json.loads(artifacts[f"marchproxy/{path}.json"].text)
        assert exact(emitted) == exact(json.loads(block(*place)))


def test_the_import_file_is_that_of_the_documents_generator_and_the_mappings(tmp_path, monkeypatch):
    """Mappings, which its generator leaves out, are what a real server's import takes beside."""
    module = tmp_path / "generator.py"
    module.write_text(block("Python Configuration Generator", "python"), encoding="utf-8")
    generator = runpy.run_path(str(module), run_name="generator")
    monkeypatch.setenv("APP_VERSION", "1.4.0")
    services, mappings = examples()
    records = [generator["MarchProxyService"](**one) for one in services]
    document = generator["generate_marchproxy_config"]("myapp", records)
    metadata = {**document["metadata"], "generated_by": "penguin-compile"}
    text = render("marchproxy", gateway_app())["marchproxy/import-config.json"].text
    expected = {"services": document["services"], "mappings": mappings, "metadata": metadata}
    assert exact(json.loads(text)) == exact(expected)


def test_nothing_is_added_but_tls_verify_where_the_spec_states_it():
    services, _ = examples()
    text = """
penguin: 1
app: {name: myapp}
services:
  web: {port: 443, protocol: https, tls: {enabled: true, verify: false}}
"""
    emitted = render("marchproxy", read_app(text))["marchproxy/services.json"].text
    (service,) = json.loads(emitted)["services"]
    keys = list(services[0])
    keys.insert(keys.index("tls_enabled") + 1, "tls_verify")
    assert list(service) == keys


def test_the_import_script_does_what_the_documents_does():
    """Variables, address, headers and file; where the file stands is compile's."""
    theirs = block("Import Script", "bash")
    ours = render("marchproxy", example_app())["scripts/marchproxy-import.sh"].text
    for part in (
        "http://localhost:8000",
        "CLUSTER_API_KEY",
        "MARCHPROXY_API",
        "/api/v1/services/import",
        "Content-Type: application/json",
        "Authorization: Bearer $",
        "POST",
        "marchproxy/import-config.json",
    ):
        assert part in theirs
        assert part in ours


# Of the kinds' own: `id` (SQLite knows no SERIAL, MySQL's is a BIGINT), and MySQL's long texts.
_COLUMNS = {
    "sqlite": "SELECT name, type, \"notnull\", dflt_value FROM pragma_table_info('config')"
    " WHERE name <> 'id' ORDER BY cid",
    "postgresql": "SELECT column_name, data_type, character_maximum_length, is_nullable,"
    " column_default FROM information_schema.columns WHERE table_name = 'config'"
    " ORDER BY ordinal_position",
    "mysql": "SELECT column_name, REPLACE(column_type, 'longtext', 'text'), is_nullable,"
    " column_default, extra FROM information_schema.columns WHERE table_schema = DATABASE()"
    " AND table_name = 'config' AND column_name <> 'id' ORDER BY ordinal_position",
}
_INDEXES = {
    "sqlite": "SELECT CASE list.origin WHEN 'c' THEN list.name END, list.\"unique\", info.name"
    " FROM pragma_index_list('config') list, pragma_index_info(list.name) info"
    " WHERE info.name <> 'id' ORDER BY 1",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'config'"
    " ORDER BY 1",
    "mysql": "SELECT index_name, non_unique, column_name, seq_in_index"
    " FROM information_schema.statistics WHERE table_schema = DATABASE()"
    " AND table_name = 'config' AND column_name <> 'id' ORDER BY 1",
}


def test_the_table_is_the_one_that_the_documents_sql_makes(database):
    made = []
    for script in (block("Database Schema", "sql"), scripts(example_app(), database.kind)[0]):
        database.execute(script)
        made.append(
            (database.fetch(_COLUMNS[database.kind]), database.fetch(_INDEXES[database.kind]))
        )
        database.execute("DROP TABLE config")
    assert made[0] == made[1]
    columns, indexes = made[0]
    assert len(columns) == (10 if database.kind == "postgresql" else 9)
    assert len(indexes) >= 3


def test_the_seeds_run_in_a_table_that_the_documents_sql_made(database):
    database.execute(block("Database Schema", "sql"))
    for _ in range(2):
        for script in scripts(example_app(), database.kind):
            database.execute(script)
    assert database.fetch("SELECT COUNT(*) FROM config") == [(6,)]


def pydal_memory():
    return closing(DAL("sqlite:memory", migrate=False))


def documents_table(db):
    """The table as the document defines it."""
    source = block("Database Schema", "python").replace("migrate=True", "migrate=False")
    names = {"db": db, "Field": Field, "IS_IN_SET": IS_IN_SET}
    exec(source, {**names, "request": SimpleNamespace(now=datetime(2024, 1, 15))})  # noqa: DTZ001
    return db.config


def our_table(db, folder):
    module = folder / "config_table.py"
    module.write_text(render("pydal", example_app())["pydal/config_table.py"].text)
    runpy.run_path(str(module))["define_config"](db)
    return db.config


def allowed(field):
    return [value for value, _ in field.requires.options(zero=False)]


def test_the_pydal_definition_is_the_documents_with_all_its_categories(tmp_path):
    with pydal_memory() as theirs_db, pydal_memory() as ours_db:
        theirs, ours = documents_table(theirs_db), our_table(ours_db, tmp_path)
        assert ours.fields == theirs.fields
        for name in theirs.fields[1:]:
            one, other = theirs[name], ours[name]
            kind = getattr(other.type, "type", other.type)  # the boolean is the database's own
            assert (name, kind) == (name, one.type)
            for option in ("unique", "required"):
                assert (name, getattr(other, option)) == (name, getattr(one, option))
            for option in ("default", "update"):
                assert (getattr(other, option) is None) == (getattr(one, option) is None)
        assert ours.is_sensitive.default is theirs.is_sensitive.default is False
        assert allowed(ours.config_type) == allowed(theirs.config_type)
        listed = re.findall(r"^- `(\w+)` - ", section("Configuration Categories"), re.MULTILINE)
        assert sorted(allowed(ours.category)) == sorted(listed) == sorted(STANDARD_CATEGORIES)
        assert set(allowed(theirs.category)) < set(listed)


def bootstrap_code(db):
    """The functions of the document's start-up, without its call of them."""
    tree = ast.parse(block("Bootstrap Process", "python"))
    tree.body = [one for one in tree.body if isinstance(one, ast.FunctionDef)]
    names = {"os": __import__("os")}
    exec(compile(tree, "bootstrap", "exec"), names)
    return SimpleNamespace(**names)


def test_the_documents_own_reader_reads_the_seeds_as_ours_does(tmp_path):
    rows = [
        *(("string", text) for text in ("", "false", "it's \\ 🐧\r\n")),
        *(("integer", text) for text in ("0", "-7", "123456789012345678901234567890")),
        *(("boolean", text) for text in ("true", "false", "True", "1", "0", "yes", "no", "")),
        *(("json", text) for text in ("null", '""', "0.5", '{"a": [false, {}]}')),
    ]
    with pydal_memory() as db:
        our_table(db, tmp_path)
        db.executesql("CREATE TABLE seeded (x)")
        for statement in scripts(example_app(), "sqlite"):
            db._adapter.connection.executescript(statement)
        for index, (kind, text) in enumerate(rows):
            row = {"config_type": kind, "config_value": text, "category": "system"}
            db.config.insert(config_key=f"row_{index}", **row)
        theirs = bootstrap_code(db).get_config
        keys = [one.config_key for one in db(db.config).select()]
        assert len(keys) == len(rows) + 6
        for key in (*keys, "absent"):
            assert exact([key, theirs(db, key, 5)]) == exact([key, get_config(db, key, 5)])


def test_the_documents_bootstrap_leaves_the_seeds_alone_and_adds_the_secrets(tmp_path, monkeypatch):
    with pydal_memory() as db:
        our_table(db, tmp_path)
        for statement in scripts(example_app(), "sqlite"):
            db._adapter.connection.executescript(statement)
        before = db(db.config).select().as_list()
        for name in ("SMTP_HOST", "SMTP_USER", "SMTP_PASS"):
            monkeypatch.setenv(name, "from the environment")
        monkeypatch.delenv("WADDLEAI_API_KEY", raising=False)
        bootstrap_code(db).bootstrap_configuration(db)
        after = db(db.config).select().as_list()
        assert after[: len(before)] == before
        added = [(one["config_key"], one["is_sensitive"]) for one in after[len(before) :]]
        assert added == [("smtp_user", False), ("smtp_pass", True)]


# Those of its other code: the generator's, the script's.
_OTHERS = {"APP_VERSION", "MARCHPROXY_API", "CLUSTER_API_KEY"}


def test_every_variable_of_the_document_is_in_the_env_template(tmp_path):
    stated = {}
    for text in re.findall(r"```bash\n(.*?)```", standards_document(), re.DOTALL):
        if re.match(r"# .*\n[A-Z_]+=", text):
            path = tmp_path / "env"
            path.write_text(text, encoding="utf-8")
            stated |= dotenv_values(path)
    assert len(stated) == 15
    assert all(name in standards_document() for name in _OTHERS)
    path.write_text(render("env", example_app())["env/.env.example"].text, encoding="utf-8")
    emitted = dotenv_values(path)
    assert {*stated, *_OTHERS} <= emitted.keys()
    own = {"LICENSE_KEY", "PRODUCT_NAME", "WADDLEAI_API_KEY"}
    own |= {"KILLKRILL_CLIENT_ID", "KILLKRILL_CLIENT_SECRET"}
    assert {name: emitted[name] for name in stated.keys() - own} == {
        name: value for name, value in stated.items() if name not in own
    }


def test_waddleai_in_compose_is_the_documents():
    theirs = YAML(typ="safe").load(block("Integration Setup", "yaml"))
    ours = YAML(typ="safe").load(
        render("compose", example_app())["compose/docker-compose.yml"].text
    )
    one, other = theirs["services"]["waddleai"], ours["services"]["waddleai"]
    stated = dict(entry.split("=", 1) for entry in one["environment"])
    assert other["environment"] == {**stated, "MAX_WORKERS": "${WADDLEAI_MAX_WORKERS-4}"}
    assert stated["MAX_WORKERS"] == "4"
    assert other["volumes"] == one["volumes"]
    assert "ports" not in other
    assert theirs["volumes"].keys() <= ours["volumes"].keys()
    caller = ours["services"]["flask-api"]
    assert set(theirs["services"]["api"]["depends_on"]) <= set(caller["depends_on"])
    name, value = theirs["services"]["api"]["environment"][0].split("=", 1)
    assert caller["environment"][name] == f"${{{name}-{value}}}"


def test_the_ai_features_are_of_the_tiers_that_the_document_gives_them():
    (statement,) = ast.parse(
        block("License-Gating AI Features", "python").split("# Feature checking")[0]
    ).body
    document = json.loads(render("license", example_app())["license/entitlements.json"].text)
    assert ast.literal_eval(statement.value) == {
        name: one["tier"] for name, one in document["features"].items() if one["ai"]
    }


def test_the_tiers_are_the_documents():
    tree = block("Tiers and Features", "")
    names = [one.lower() for one in re.findall(r"^(\w+)(?: \(free\))?:$", tree, re.MULTILINE)]
    document = json.loads(render("license", example_app())["license/entitlements.json"].text)
    assert [one["name"] for one in document["tiers"]] == names
    community = document["tiers"][0]
    assert community["limits"] == {"users": 5, "teams": 1}
    assert "Up to 5 users" in tree
    assert "Single team" in tree


def documents_metrics():
    """Category, name and type of each metric that the document names."""
    category = None
    for line in section("Metrics Categories").splitlines():
        if heading := re.match(r"- \*\*(\w+) Metrics\*\*:", line):
            category = heading[1].lower()
        elif entry := re.match(r"  - (`.*`) \((\w+)", line):
            for name in re.findall(r"`([^`]+)`", entry[1]):
                yield name, entry[2], category


def test_the_metrics_are_the_documents():
    stated = list(documents_metrics())
    assert len(stated) == 10
    document = json.loads(render("telemetry", example_app())["telemetry/metrics.json"].text)
    emitted = [(one["name"], one["type"], one["category"]) for one in document["metrics"]]
    assert emitted == stated
    labels = {one["name"]: one["labels"] for one in document["metrics"]}
    assert labels["features.used"] == ["feature"]


def test_the_log_record_is_one_of_the_schema_and_every_field_of_it_is_known():
    record = json.loads(block("Structured Logging", "json"))
    schema = json.loads(render("telemetry", example_app())["telemetry/log-schema.json"].text)
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    assert validator.is_valid(record)
    for name in record:
        assert schema["properties"][name], name
        assert not validator.is_valid({**record, name: [1]}), name


def test_a_batch_for_killkrill_holds_levels_and_metrics_that_the_app_declares():
    batch = block("Batching", "python")
    schema = json.loads(render("telemetry", example_app())["telemetry/log-schema.json"].text)
    levels = set(re.findall(r'"level": "(\w+)"', batch))
    assert levels
    assert levels <= set(schema["$defs"]["level"]["enum"])
    names = {name for name, _, _ in documents_metrics()}
    (sent,) = re.findall(r'"name": "([\w.]+)"', batch)
    assert sent in names
