"""An app with settings of every kind, and the smallest planner that the tests of apply need."""

from penguin_compile.core.secret import Masked
from penguin_compile.live.config.backend import ConfigBackend
from penguin_compile.model.plan import Action, Change, ChangeClass, Plan
from penguin_compile.model.record import SecretState
from tests.models import read_app

SECRET = "correct horse battery staple"
KEYS = "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

SPEC = """
penguin: 1
app: {name: myapp, version: 1.0.0}
config:
  smtp_host: {type: string, category: email, description: Server, default: localhost}
  smtp_port: {type: integer, category: email, description: Port, default: 587}
  maintenance: {type: boolean, category: system, description: Page, default: false}
  ratio: {type: number, category: system, description: Share, default: 0.5}
  menu: {type: json, category: system, description: Menu, default: {b: [1, true, null], a: ü}}
  smtp_user: {type: string, category: email, description: User}
  smtp_pass:
    {type: string, category: email, description: Password, sensitive: true, required: true}
"""


def make_app(*, sensitive="encrypt", table=None, spec=SPEC):
    text = f"{spec}environments: {{default: {{sensitive: {sensitive}}}}}\n"
    if table is not None:
        text += f"outputs: {{sql: {table}}}\n"
    return read_app(text)


def make_backend(database, app, *, state=None, secret=SECRET):
    """With secrets resolved, as apply has it."""
    return ConfigBackend(
        database,
        app,
        salt=None if state is None else state.salt(),
        resolve=None if secret is None else lambda _: Masked(secret),
    )


def make_plan(changes):
    return Plan(
        app="myapp",
        environment="default",
        protected=False,
        spec_digest="0" * 64,
        tool_version="0",
        created_at="2026-01-01T00:00:00+00:00",
        targets=(),
        changes=tuple(changes),
    )


def bring_about(desired, live, bases):
    """A plan that makes live what is desired: create, update or adopt each; no more."""
    changes = (
        _change(one, live.get(one.address), bases.get(one.address))
        for one in desired.values()
        if "value" in one.fields or one.address.kind != "config"
    )
    return make_plan(one for one in changes if one is not None)


def _change(desired, live, base):
    fields = dict(desired.fields)
    differs = live is not None and not all(
        _same(one, live.fields[path]) for path, one in fields.items()
    )
    if live is not None and base is not None and not differs and _settled(base, fields):
        return None
    action = Action.CREATE if live is None else Action.UPDATE if differs else Action.NONE
    return Change(
        address=desired.address,
        klass=ChangeClass.CREATE if live is None else ChangeClass.UPDATE,
        action=action,
        writes=None if action is Action.NONE else fields,
        ledger=fields,
        ledger_changes=True,
        manage=desired.manage.value,
        precondition=None if live is None else live.digest,
        ledger_revision=None if base is None else base.revision,
    )


def _settled(base, fields):
    return base.fields.keys() == fields.keys() and all(
        _same(one, base.fields[path]) for path, one in fields.items()
    )


def _same(one, other):
    return one.same(other) is True if isinstance(one, SecretState) else one == other


def plan_settings(backend, state, app):
    """Desired, and the plan that brings it about from what is live now."""
    desired = {one.address: one for one in backend.project(app)}
    return desired, bring_about(desired, backend.read().live, state.bases())
