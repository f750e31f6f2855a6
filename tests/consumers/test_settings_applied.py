"""What `apply` writes is read by an app of the house as it was declared, on every database."""

from dataclasses import replace

import pytest

from penguin_compile.core.pointer import format_dotted
from penguin_compile.model.setting import SettingType
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.session import open_session
from tests.consumers.test_settings_read_back import RENAMED, exact, pydal, typed_app
from tests.models import read_app
from tests.settings_reader import get_config

pytestmark = pytest.mark.filterwarnings("ignore:'(db|passwd)' is deprecated:DeprecationWarning")
NESTED = {"a": [0, "", False, None, {"b": "🐧\n'\"\\"}], "ü": 1.5}
NEXT = {
    SettingType.STRING: "",
    SettingType.INTEGER: 0,
    SettingType.BOOLEAN: False,
    SettingType.NUMBER: 0.25,
    SettingType.JSON: NESTED,
}


def apply(app):
    decisions = Decisions(max_updates="100%")
    with open_session(app, "digest", format_dotted) as session:
        plan = session.plan(decisions)
        session.check(plan, decisions)
        session.apply(plan, plan_text="{}")
        again = session.plan(decisions)
    assert not [one for one in again.changes if one.action.value != "none"]


def read(database, app):
    with pydal(database, app) as db:
        return {key: exact(get_config(db, key, "absent")) for key in app.settings}


@pytest.mark.parametrize("outputs", ["", RENAMED], ids=["standard", "renamed"])
def test_every_type_is_read_back_after_a_first_and_a_later_apply(database, outputs):
    url = database.url.render_as_string(hide_password=False)
    text = f"penguin: 1\napp: {{name: named}}\n{outputs}"
    text += f"environments: {{default: {{database: {{url: '{url}'}}}}}}\n"
    read_from = read_app(text)
    app = replace(typed_app(), outputs=read_from.outputs, environment=read_from.environment)
    for settings in (
        app.settings,
        {key: replace(one, default=NEXT[one.type]) for key, one in app.settings.items()},
    ):
        now = replace(app, settings=settings)
        apply(now)
        assert read(database, now) == {key: exact(one.default) for key, one in settings.items()}


def test_an_older_row_is_updated_to_what_its_app_reads(database):
    """The app's own spellings are left, what the spec changes is written in ours."""
    url = database.url.render_as_string(hide_password=False)
    spec = (
        "penguin: 1\napp: {{name: named}}\nconfig:\n"
        "  on: {{type: boolean, default: {}, category: system, description: d}}\n"
        f"environments: {{{{default: {{{{database: {{{{url: '{url}'}}}}}}}}}}}}\n"
    )
    apply(read_app(spec.format("true")))
    database.execute("UPDATE config SET config_value = 'YES'")
    apply(read_app(spec.format("true")))
    assert database.fetch("SELECT config_value FROM config") == [("YES",)]
    assert read(database, read_app(spec.format("true"))) == {"on": "true"}
    apply(read_app(spec.format("false")))
    assert database.fetch("SELECT config_value FROM config") == [("false",)]
    assert read(database, read_app(spec.format("false"))) == {"on": "false"}
