"""Users who may do little: read the config table, or write it and nothing else."""

import uuid

import pytest
from sqlalchemy import create_engine, make_url, text

from penguin_compile.core.errors import DatabaseFailure
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.drift import find_drift
from tests.live.test_real_tables import apply, fetch, mapped, opened

pytestmark = pytest.mark.parametrize("database_url", ["postgresql", "mysql"], indirect=True)
COLUMNS = mapped(config_type="config_type")


def run(url, *statements):
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for one in statements:
            connection.execute(text(one))
    engine.dispose()


@pytest.fixture
def user(database_url):
    """Makes the URL of a user with these rights on the config table, and no others."""
    url = make_url(database_url)
    name = f"penguin_{uuid.uuid4().hex[:12]}"
    server = url.get_backend_name()
    who = name if server == "postgresql" else f"'{name}'@'%'"
    run(
        database_url,
        "CREATE TABLE config (config_key VARCHAR(90) UNIQUE, config_value TEXT, "
        "config_type VARCHAR(9))",
        f"CREATE ROLE {name} LOGIN PASSWORD 'reader'"
        if server == "postgresql"
        else f"CREATE USER {who} IDENTIFIED BY 'reader'",
    )
    if server == "postgresql":
        run(database_url, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")

    def grant(rights):
        place = "config" if server == "postgresql" else f"`{url.database}`.config"
        run(database_url, f"GRANT {rights} ON {place} TO {who}")
        return url.set(username=name, password="reader").render_as_string(hide_password=False)

    yield grant
    if server == "postgresql":
        run(database_url, f"DROP OWNED BY {name}", f"DROP ROLE {name}")
    else:
        run(database_url, f"DROP USER {who}")


def test_who_may_only_write_the_table_keeps_the_state_elsewhere(database, user, tmp_path):
    own = user("SELECT, INSERT, UPDATE, DELETE")
    with (
        opened(own, "config", COLUMNS) as session,
        pytest.raises(DatabaseFailure, match="may not create the tables") as caught,
    ):
        apply(session)
    assert "state: {url: sqlite:///" in caught.value.hint
    assert fetch(database, "SELECT * FROM config") == []
    state = f"sqlite:///{tmp_path}/state/prod.db"
    with opened(own, "config", COLUMNS, state=state) as session:
        assert len(apply(session).changes) == 4
    with opened(own, "config", COLUMNS, {"one": {"default": "1"}}, state=state) as session:
        apply(session, prune=True)
        assert len(session.state.history()) == 2
    assert fetch(database, "SELECT config_key, config_value FROM config") == [("one", "1")]


def test_who_may_only_read_can_plan_and_see_drift(database, database_url, user, tmp_path):
    state = f"sqlite:///{tmp_path}/state.db"
    with opened(database_url, "config", COLUMNS, state=state) as session:
        apply(session)
    with database.writing("testing") as connection:
        connection.execute(
            text("UPDATE config SET config_value = 'x' WHERE config_key LIKE '%host'")
        )
    own = user("SELECT")
    with opened(own, "config", COLUMNS, state=state) as session:
        plan = session.plan(Decisions())
        assert [one.base.address.name for one in find_drift(plan, session.situation)] == [
            "smtp_host"
        ]
        with pytest.raises(DatabaseFailure, match="may not") as caught:
            apply(session, use_spec=("*",))
    assert "right" in caught.value.hint
    assert ("smtp_host", "x") in fetch(database, "SELECT config_key, config_value FROM config")
    with opened(own, "config", COLUMNS) as session:
        assert len(session.plan(Decisions(), whole=True).changes) == 4


def test_who_may_read_the_state_too_plans_with_it(database, database_url, user):
    with opened(database_url, "config", COLUMNS) as session:
        apply(session)
    own = user("SELECT")
    if database.dialect == "postgresql":
        name = make_url(own).username
        run(database_url, f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}")
    else:
        name, place = make_url(own).username, make_url(own).database
        run(database_url, f"GRANT SELECT ON `{place}`.* TO '{name}'@'%'")
    with opened(own, "config", COLUMNS) as session:
        plan = session.plan(Decisions())
    assert (plan.changes, plan.unchanged) == ((), {"config": 4})


def test_who_may_not_read_the_state_that_is_there_is_told(database, database_url, user):
    with opened(database_url, "config", COLUMNS) as session:
        apply(session)
    own = user("SELECT")
    with opened(own, "config", COLUMNS) as session:
        if database.dialect == "mysql":  # it doesn't even say that there is such a table
            assert not session.state.bases()
            return
        with pytest.raises(DatabaseFailure, match="may not") as caught:
            session.plan(Decisions())
    assert "GRANT SELECT" in caught.value.hint
