"""Drift and rollback in every database, through what the commands call."""

from sqlalchemy import text

from penguin_compile.live.config.database import Database
from penguin_compile.model.plan import ChangeClass
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.drift import acknowledge, find_drift
from penguin_compile.sync.guards import remember
from penguin_compile.sync.rollback import plan_rollback
from penguin_compile.sync.session import open_session
from tests.models import read_app

SPEC = """
penguin: 1
app: {{name: myapp, version: "1.0"}}
config:
  theme: {{default: {theme}, description: Colours}}
  size: {{type: integer, default: {size}, description: Rows}}
environments:
  default: {{database: {{url: "{url}"}}}}
"""


class World:
    """One app whose spec changes."""

    def __init__(self, url):
        self.url = url

    def session(self, theme="light", size=20):
        app = read_app(SPEC.format(url=self.url, theme=theme, size=size))
        return open_session(app, "d" * 64, str)

    def apply(self, **values):
        with self.session(**values) as session:
            return session.apply(session.plan(Decisions()), plan_text="{}")

    def run(self, statement):
        database = Database(self.url)
        with database.writing("testing") as connection:
            connection.execute(text(statement))
        database.close()

    def rows(self):
        database = Database(self.url)
        with database.reading("testing") as connection:
            rows = connection.execute(text("SELECT config_key, config_value FROM config")).all()
        database.close()
        return {row[0]: row[1] for row in rows}


def test_back_and_an_edit_made_since_stays(database_url):
    world = World(database_url)
    world.apply()
    world.apply(theme="blue", size=50)
    world.run(
        "UPDATE config SET config_value = 'dark', updated_by = 'ann' WHERE config_key = 'theme'"
    )
    with world.session(theme="blue", size=50) as session:
        back = plan_rollback(session, 1, Decisions(skip_conflicts=True))
        assert {one.address.name: one.klass for one in back.plan.changes} == {
            "theme": ChangeClass.CONFLICT,
            "size": ChangeClass.UPDATE,
        }
        assert remember(session.situation).owned == {"config": 2}
        outcome = session.apply(
            back.plan, plan_text="{}", desired=back.desired, note="rollback to 1"
        )
        assert outcome.revision == 3
        assert session.state.history()[0].note == "rollback to 1"
    assert world.rows() == {"theme": "dark", "size": "20"}


def test_an_edit_is_drift_until_it_is_acknowledged(database_url):
    world = World(database_url)
    world.apply()
    world.run("UPDATE config SET config_value = 'Light' WHERE config_key = 'theme'")
    world.run("DELETE FROM config WHERE config_key = 'size'")
    with world.session() as session:
        plan = session.plan(Decisions())
        edits = find_drift(plan, session.situation)
        assert [(one.base.address.name, one.deleted, one.kept) for one in edits] == [
            ("size", True, False),
            ("theme", False, False),
        ]
        acknowledge(session.state, plan, edits, spec="spec.yaml")
        again = session.plan(Decisions())
        assert all(one.kept for one in find_drift(again, session.situation))
    assert world.rows() == {"theme": "Light"}
