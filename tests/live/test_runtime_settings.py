"""The library for running apps before real databases: first values, changes, outages."""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import create_engine, make_url, text

from penguin_compile.core.errors import DatabaseFailure, FileFailure, SecretUnavailable
from penguin_compile.live.config.sealing import is_sealed, read_keyring, seal, unseal
from penguin_compile.live.config.table import SettingsTable
from penguin_compile.runtime import SettingMissing, UnknownSetting, open_settings
from penguin_compile.runtime.connection import connect, fetch
from penguin_compile.runtime.database_url import parse_url
from tests.databases import fresh_database
from tests.models import read_app, render

SPEC = """
penguin: 1
app: {name: shop, version: "2.0.0"}
config:
  port: {type: integer, default: 25, check: {min: 0, max: 65535}}
  off: {type: boolean, default: true}
  zero: {type: integer, default: 7}
  ratio: {type: number, default: 0.5}
  limits: {type: json, default: {seats: [1, 2]}}
  first: {default: a}
  second: {default: a}
  host: {check: {format: hostname}, required: true}
  api.key: {sensitive: true, secret: "env:API_KEY"}
"""
SPELLINGS = {
    "postgresql": ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"],
    "mysql": ["mysql", "mysql+pymysql", "mariadb", "mariadb+pymysql", "mysql+mysqldb"],
}
KEYS = {"PENGUIN_CONFIG_KEYS": "k1:" + "A" * 43 + "="}


class Shop:
    """An app's manifest and its table, as another program changes it."""

    def __init__(self, folder, url, spec=SPEC):
        self.url = url
        self.app = read_app(spec)
        self.manifest = folder / "manifest.json"
        self.manifest.write_text(render("runtime", self.app)["runtime/manifest.json"].text)
        self.engine = create_engine(url)

    def create_table(self):
        with self.engine.begin() as connection:
            SettingsTable(self.app.outputs.config_table, "test").create(connection)

    def run(self, *statements, **values):
        with self.engine.begin() as connection:
            for one in statements:
                connection.execute(text(one), values)

    def rows(self, columns="config_value"):
        with self.engine.connect() as connection:
            query = text(f"SELECT config_key, {columns} FROM config")
            return {
                row[0]: row[1] if len(row) == 2 else row[1:] for row in connection.execute(query)
            }

    def write(self, key, value, kind="string"):
        self.run(
            "INSERT INTO config (config_key, config_value, config_type, category)"
            " VALUES (:key, :value, :kind, 'system')",
            key=key,
            value=value,
            kind=kind,
        )

    @contextmanager
    def settings(self, environment=None, **options):
        opened = open_settings(
            self.manifest, self.url, environment=environment or {}, interval=0.05, **options
        )
        with closing(opened):
            yield opened


@pytest.fixture
def shop(tmp_path, database_url):
    made = Shop(tmp_path, database_url)
    made.create_table()
    yield made
    made.engine.dispose()


def wait_until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.005)


def test_the_first_start_writes_what_the_environment_says_and_no_later_one_does(shop):
    first = {
        "OFF": "false",
        "ZERO": "0",
        "RATIO": "0.25",
        "LIMITS": '{"seats": []}',
        "FIRST": "",
        "PORT": "70000",
        "API_KEY": "tr0ub4dor",
        **KEYS,
    }
    with shop.settings(first) as settings:
        assert (settings.off, settings.zero, settings.ratio) == (False, 0, 0.25)
        assert (settings.limits, settings["api.key"]) == ({"seats": []}, "tr0ub4dor")
        assert {settings.source(one) for one in ("off", "zero", "api.key")} == {"database"}
        assert (settings.port, settings.source("port")) == (25, "default")
        assert (settings.first, settings.source("first")) == ("a", "default")
    rows = shop.rows("config_value, config_type, is_sensitive, updated_by")
    assert sorted(rows) == ["api.key", "limits", "off", "ratio", "zero"]
    assert [tuple(rows[one])[:2] for one in ("off", "zero", "ratio")] == [
        ("false", "boolean"),
        ("0", "integer"),
        ("0.25", "json"),
    ]
    assert {row[3] for row in rows.values()} == {"system"}
    assert [bool(rows[one][2]) for one in ("off", "api.key")] == [False, True]
    assert unseal(read_keyring(KEYS), "api.key", rows["api.key"][0]) == "tr0ub4dor"
    with shop.settings({"OFF": "true", "ZERO": "9", "SECOND": "b"}) as settings:
        assert (settings.off, settings.zero, settings.second) == (False, 0, "b")
    assert shop.rows("config_value, config_type")["second"] == ("b", "string")


def test_a_secret_without_a_key_is_read_from_its_variable_and_not_stored(shop):
    with shop.settings({"API_KEY": "tr0ub4dor"}) as settings:
        assert (settings["api.key"], settings.source("api.key")) == ("tr0ub4dor", "environment")
        assert "tr0ub4dor" not in f"{settings.explain('api.key')}{settings!r}"
    assert shop.rows() == {}


def test_many_apps_that_start_at_once_write_each_key_once(shop):
    failed = []

    def start(number):
        try:
            with shop.settings({"FIRST": f"of {number}", "SECOND": "b"}) as settings:
                assert settings.source("first") == "database"
        except Exception as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=start, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not failed
    with shop.engine.connect() as connection:
        count = connection.execute(text("SELECT count(*) FROM config")).scalar_one()
    assert count == 2


def test_changes_are_seen_whole_and_without_a_restart(shop):
    shop.write("first", "a")
    shop.write("second", "a")
    changes, torn, ended = [], [], threading.Event()
    with shop.settings() as settings:
        end = settings.on_change(changes.append, "second")

        def read():
            while not ended.is_set():
                now = settings.snapshot()
                if now.first != now.second:
                    torn.append((now.first, now.second))

        reader = threading.Thread(target=read)
        reader.start()
        for letter in "bcdef":
            shop.run(f"UPDATE config SET config_value = '{letter}'")
            wait_until(lambda letter=letter: settings.first == letter)
        before = settings.snapshot()
        end()
        shop.run("DELETE FROM config WHERE config_key = 'second'")
        wait_until(lambda: settings.source("second") == "default")
        ended.set()
        reader.join()
    assert before.second == "f"
    # Between the last edit and the deletion the two differ by themselves.
    assert set(torn) <= {("f", "a")}
    assert [(one.before.second, one.after.second) for one in changes] == [
        *(("a", "b"), ("b", "c"), ("c", "d"), ("d", "e"), ("e", "f"))
    ]
    assert changes[0].keys == {"first", "second"}


def test_asking_finds_each_kind_of_change(shop):
    shop.write("first", "x")
    shop.write("second", "y")
    with shop.settings(notify=False) as settings:
        swap = "CASE config_key WHEN 'first' THEN 'y' ELSE 'x' END"
        shop.run(f"UPDATE config SET config_value = {swap}")
        wait_until(lambda: (settings.first, settings.second) == ("y", "x"))
        shop.write("other", "1")
        wait_until(lambda: "other" in settings)
        assert settings.other == "1"
        shop.run("UPDATE config SET config_type = 'integer' WHERE config_key = 'other'")
        wait_until(lambda: settings.other == 1)
        shop.run("DELETE FROM config WHERE config_key = 'other'")
        wait_until(lambda: "other" not in settings)


def test_a_callback_that_fails_stops_nothing(shop, caplog):
    with shop.settings() as settings:
        settings.on_change(lambda _: 1 / 0)
        for letter in "bc":
            shop.run("DELETE FROM config")
            shop.write("first", letter)
            wait_until(lambda letter=letter: settings.first == letter)
    assert "a callback of the settings failed" in caplog.text


def test_what_a_row_says_that_is_none_of_its_type_is_passed_over_and_told_once(shop, caplog):
    shop.write("zero", "hunter2", "integer")
    shop.write("off", "0", "boolean")
    shop.write(
        "api.key", seal(read_keyring({"PENGUIN_CONFIG_KEYS": "k2:" + "B" * 43 + "="}), "x", "y")
    )
    shop.write("other", "[1]", "json")
    with shop.settings({"ZERO": "3", **KEYS}) as settings:
        assert [settings.zero, settings["zero"], settings.off] == [3, 3, False]
        assert settings.source("zero") == "environment"
        assert settings["api.key"] is None
        assert settings.other == [1]  # of the table alone
        with pytest.raises(TypeError, match="list"):
            settings.other.append(2)
        with pytest.raises(SettingMissing, match=r"host is required.*HOST"):
            _ = settings.host
        with pytest.raises(UnknownSetting, match='did you mean "zero"'):
            _ = settings.zerro
        assert getattr(settings, "zerro", 5) == 5
        with pytest.raises(KeyError):
            _ = settings["zerro"]
    assert caplog.text.count("the setting host is required and has no value") == 1
    told = [one.getMessage() for one in caplog.records if "zero" in one.getMessage()]
    assert told == ["setting zero: the database's value: it is no integer"]
    assert "hunter2" not in caplog.text


def test_without_a_table_environment_and_defaults_count_until_there_is_one(
    tmp_path, database_url, caplog
):
    shop = Shop(tmp_path, database_url)
    with shop.settings({"FIRST": "b"}) as settings:
        assert (settings.first, settings.source("first")) == ("b", "environment")
        assert settings.second == "a"
        shop.create_table()
        wait_until(lambda: settings.source("first") == "database")
        shop.run("DROP TABLE config")
        assert settings.refresh() is False
        assert settings.first == "b"
    shop.engine.dispose()
    assert "the last ones known stay" in caplog.text


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_follows_by_itself_and_leaves_the_parents_connection(shop):
    with shop.settings() as settings:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                end = time.monotonic() + 10
                while settings.first != "b" and time.monotonic() < end:
                    time.sleep(0.01)
                os.write(writing, settings.first.encode())
                settings.close()
            finally:
                os._exit(0)
        shop.write("first", "b")
        assert os.read(reading, 10) == b"b"
        os.waitpid(child, 0)
        for one in (reading, writing):
            os.close(one)
        shop.run("UPDATE config SET config_value = 'c'")
        wait_until(lambda: settings.first == "c")


class Wire:
    """A server's port that can be cut and mended."""

    def __init__(self, host, port):
        self.target = host, port
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.up, self.pairs, self.lock = True, [], threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.socket.accept()
            except OSError:
                return
            with self.lock:
                if not self.up:
                    near.close()
                    continue
                far = socket.create_connection(self.target)
                self.pairs += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self.carry, args=(one, other), daemon=True).start()

    @staticmethod
    def carry(one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass
        for end in (one, other):
            with closing(end):
                pass

    def cut(self):
        with self.lock:
            self.up = False
            for one in self.pairs:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue

    def mend(self):
        self.up = True


def test_a_server_that_is_away_at_the_start_and_again_later(shop, caplog):
    caplog.set_level(logging.INFO, "penguin_compile.runtime")
    url = make_url(shop.url)
    if url.drivername.startswith("sqlite"):
        pytest.skip("a file has no wire")
    defaults = {"postgresql": 5432, "mysql": 3306}
    wire = Wire(url.host, url.port or defaults[url.drivername.partition("+")[0]])
    shop.write("first", "b")
    shop.url = url.set(host="127.0.0.1", port=wire.port).render_as_string(hide_password=False)
    wire.cut()
    with shop.settings() as settings:
        assert (settings.first, settings.source("first")) == ("a", "default")
        wire.mend()
        assert settings.refresh()
        assert (settings.first, settings.source("first")) == ("b", "database")
        wire.cut()
        assert settings.refresh() is False
        shop.run("UPDATE config SET config_value = 'c'")
        assert (settings.first, settings.source("first")) == ("b", "database")
        wire.mend()
        wait_until(lambda: settings.first == "c", 20)
    wire.socket.close()
    messages = [one.getMessage() for one in caplog.records]
    assert sum("the last ones known stay" in one for one in messages) == 2
    assert sum("followed again" in one for one in messages) == 2


def test_a_table_with_columns_of_its_own(tmp_path, database_url):
    spec = SPEC + (
        "outputs: {sql: {table: system_settings, columns: {config_key: setting_key, config_value:"
        " setting_value, config_type: null, category: null, is_sensitive: secret, description:"
        " null, last_updated: changed, created_at: null}}}\n"
    )
    shop = Shop(tmp_path, database_url, spec)
    shop.run(
        "CREATE TABLE system_settings (setting_key VARCHAR(100) PRIMARY KEY, setting_value TEXT,"
        " secret CHAR(1), changed INTEGER, updated_by INTEGER)"
    )
    with shop.settings({"ZERO": "0", "API_KEY": "x", **KEYS}) as settings:
        assert (settings.zero, settings["api.key"]) == (0, "x")
        shop.run("UPDATE system_settings SET setting_value = NULL WHERE setting_key = 'zero'")
        wait_until(lambda: settings.source("zero") == "environment")
    with shop.engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM system_settings ORDER BY 1")).fetchall()
    shop.engine.dispose()
    assert is_sealed(rows[0][1])
    assert [tuple(one)[2:] for one in rows] == [("T", None, None), ("F", None, None)]


def test_postgresql_tells_of_changes_and_a_user_without_rights_asks(shop, caplog):
    caplog.set_level(logging.INFO, "penguin_compile.runtime")
    url = make_url(shop.url)
    if not url.drivername.startswith("postgresql"):
        pytest.skip("PostgreSQL alone tells of changes")
    with open_settings(shop.manifest, shop.url, environment={}, interval=3600) as settings:
        shop.write("first", "b")
        wait_until(lambda: settings.first == "b", 1)
        shop.run("TRUNCATE config")
        wait_until(lambda: settings.source("first") == "default", 1)
    shop.run("DROP TRIGGER penguin_settings_notify ON config")
    role = f"reader_{os.getpid()}_{url.database[-6:]}"
    shop.run(f"CREATE ROLE {role} LOGIN PASSWORD 'x'", f"GRANT SELECT ON config TO {role}")
    try:
        shop.url = url.set(username=role, password="x").render_as_string(hide_password=False)
        with shop.settings({"ZERO": "0"}) as settings:
            assert (settings.zero, settings.source("zero")) == (0, "environment")
            shop.write("first", "c")
            wait_until(lambda: settings.first == "c")
    finally:
        shop.run(f"DROP OWNED BY {role}", f"DROP ROLE {role}")
    assert "nothing tells of changes" in caplog.text
    assert (
        "no first values were written" in caplog.text or "its row can't be written" in caplog.text
    )


@pytest.mark.parametrize("kind", SPELLINGS)
def test_every_spelling_of_a_url_and_a_password_of_every_sign(kind, tmp_path):
    with fresh_database(kind, tmp_path) as url:
        plain = url.set(drivername="x").render_as_string(hide_password=False)
        option = "?sslmode=prefer&connect_timeout=5" if kind == "postgresql" else "?charset=utf8mb4"
        user, password = str(url.database)[-12:], "p@s:s/w%rd#?&+ =[]"
        literal = password.replace("%", "%%")
        named = f"'{user}'@'%%'" if kind == "mysql" else f'"{user}"'
        given = "IDENTIFIED BY" if kind == "mysql" else "LOGIN PASSWORD"
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE USER {named} {given} '{literal}'")
            if kind == "mysql":
                grant = f"GRANT ALL ON {url.database}.* TO {named}"
                connection.exec_driver_sql(grant)
            try:
                other = url.set(username=user, password=password)
                urls = [f"{scheme}{plain[1:]}" for scheme in SPELLINGS[kind]]
                urls += [urls[0] + option, other.render_as_string(hide_password=False)]
                for one in urls:
                    with closing(connect(parse_url(one), "test")) as opened:
                        assert fetch(opened, "SELECT 1")[0] == (1,)
            finally:
                connection.exec_driver_sql(f"DROP USER {named}")
        engine.dispose()


def test_what_waiting_will_not_mend_is_told_at_once(tmp_path):
    manifest = tmp_path / "manifest.json"
    with pytest.raises(FileFailure, match="can't be read"):
        open_settings(manifest, environment={})
    manifest.write_text('{"format": 2}')
    with pytest.raises(FileFailure, match="format 1"):
        open_settings(manifest, environment={})
    manifest.write_text(render("runtime", read_app(SPEC))["runtime/manifest.json"].text)
    with pytest.raises(DatabaseFailure, match="kind of database"):
        open_settings(manifest, "oracle://u:hunter2@h/a", environment={})
    with pytest.raises(SecretUnavailable):
        open_settings(manifest, environment={"PENGUIN_CONFIG_KEYS": "nonsense"})


def test_without_any_database(tmp_path, caplog):
    manifest = tmp_path / "manifest.json"
    manifest.write_text(render("runtime", read_app(SPEC))["runtime/manifest.json"].text)
    settings = open_settings(manifest, environment={"ZERO": "0", "OFF": "nonsense"})
    assert (settings.zero, settings.off, settings.source("off")) == (0, True, "default")
    assert json.dumps(settings.limits) == '{"seats": [1, 2]}'
    assert "host" in settings
    assert "nonsense" not in settings
    assert list(settings)[:2] == ["port", "off"]
    assert "DATABASE_URL is not set" in caplog.text
    settings.close()
