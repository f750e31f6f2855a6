"""What is SQLite's own: files, folders, locks between processes, interrupted writes."""

import os
import sqlite3

import pytest

from penguin_compile.core.errors import DatabaseFailure
from penguin_compile.live.config.database import Database
from penguin_compile.sync.lock import hold_lock
from penguin_compile.sync.state import open_state
from tests.live.settings_app import make_app, make_backend


def test_a_database_that_is_not_there_is_empty_and_reading_creates_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    state = open_state("myapp", "dev", database=Database("sqlite:///data/app.db"))
    reading = make_backend("sqlite:///data/app.db", make_app(), secret=None).read()
    assert dict(reading.live) == {}
    assert "table config will be created" in reading.notices
    assert (state.bases(), state.history(), state.steps(1)) == ({}, [], [])
    assert list(tmp_path.iterdir()) == []


def test_reading_an_existing_database_changes_no_byte_of_it(tmp_path):
    file = tmp_path / "app.db"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE other (id INTEGER)")
    connection.close()
    before = file.read_bytes()
    backend = make_backend(f"sqlite:///{file}", make_app(), secret=None)
    assert "table config will be created" in backend.read().notices
    assert open_state("myapp", "dev", database=backend.database).bases() == {}
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_relative_paths_start_at_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    state = open_state("myapp", "dev", database=Database("sqlite:///data/app.db"))
    with hold_lock(state):
        assert (tmp_path / "data" / "app.db").is_file()


def test_odd_file_names_are_file_names(tmp_path):
    state = open_state("myapp", "dev", folder=tmp_path / "a b#ü&c")
    with hold_lock(state):
        assert (tmp_path / "a b#ü&c" / "dev.db").is_file()


def break_folder(path):
    path.mkdir()


def break_content(path):
    path.write_bytes(b"this is a text, and long enough to be looked at as a database header" * 20)


def break_parent(path):
    path.parent.joinpath("file").write_text("")
    return path.parent / "file" / "app.db"


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [(break_folder, "it is a folder"), (break_content, "not a database")],
)
def test_what_is_no_database_is_told_clearly(tmp_path, break_it, reason):
    break_it(tmp_path / "app.db")
    backend = make_backend(f"sqlite:///{tmp_path}/app.db", make_app(), secret=None)
    with pytest.raises(DatabaseFailure, match=reason) as caught:
        backend.read()
    assert "app.db" in caught.value.message
    assert "reading table config" in caught.value.message
    assert caught.value.hint


def test_a_folder_that_can_not_be_made_is_told_clearly(tmp_path):
    path = break_parent(tmp_path / "app.db")
    with (
        pytest.raises(DatabaseFailure, match="a part of its path is a file"),
        Database(f"sqlite:///{path}").writing("writing something"),
    ):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_may_not_be_written_is_told_clearly(tmp_path):
    file = tmp_path / "app.db"
    sqlite3.connect(file).close()
    file.chmod(0o400)
    with (
        pytest.raises(DatabaseFailure, match="readonly"),
        Database(f"sqlite:///{file}").writing("writing something") as connection,
    ):
        connection.exec_driver_sql("CREATE TABLE a (b)")


def test_a_database_that_another_process_writes_to_is_told_clearly(tmp_path):
    other = sqlite3.connect(tmp_path / "app.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    database = Database(f"sqlite:///{tmp_path}/app.db?timeout=0.05")
    with (
        pytest.raises(DatabaseFailure, match="locked") as caught,
        database.writing("writing something"),
    ):
        pass
    other.close()
    assert "another process" in caught.value.hint


def create_and_fail(connection):
    connection.exec_driver_sql("CREATE TABLE a (b)")
    connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")


def test_a_failed_block_leaves_nothing_not_even_tables(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/app.db")
    with (
        pytest.raises(DatabaseFailure, match="no such table"),
        database.writing("writing something") as connection,
    ):
        create_and_fail(connection)
    with database.reading("reading") as connection:
        assert connection.exec_driver_sql("SELECT * FROM sqlite_master").all() == []


def test_a_reader_can_not_write(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/app.db")
    with database.writing("preparing") as connection:
        connection.exec_driver_sql("CREATE TABLE a (b)")
    with (
        pytest.raises(DatabaseFailure, match="readonly"),
        database.reading("reading") as connection,
    ):
        connection.exec_driver_sql("INSERT INTO a VALUES (1)")
