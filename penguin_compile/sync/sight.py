"""Which value of a setting the running app sees (sync.md, Three values): row, variable, default.

After `planning.py`: said of every config key whose value is not what the spec says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from penguin_compile.model.app import App
from penguin_compile.model.deployed import deployed_services
from penguin_compile.model.plan import ABSENT, ChangeClass, Origin, Plan, Sight
from penguin_compile.model.record import VALUE, Live, SecretState
from penguin_compile.model.service import FromVariable, Literal, Template
from penguin_compile.model.setting import Setting, Unset, parse_stored
from penguin_compile.sync.comparison import same
from penguin_compile.sync.planning import Situation

_CONFIG: Final = "config"
# What these classes leave is what the spec says, or nothing that the spec speaks of.
_AS_THE_SPEC_SAYS: Final = frozenset(
    (
        ChangeClass.UNCHANGED,
        ChangeClass.ADOPT,
        ChangeClass.CONVERGED,
        ChangeClass.UNMANAGED,
        ChangeClass.FORGET,
    )
)


def note_sights(plan: Plan, app: App, situation: Situation) -> Plan:
    """The plan with `sees` where the app sees another value than the spec's before apply."""
    changes = list(plan.changes)
    for position, change in enumerate(changes):
        if change.address.kind != _CONFIG or change.klass in _AS_THE_SPEC_SAYS:
            continue
        setting = app.settings.get(change.address.name)
        sight = find_sight(app, setting, situation.live.get(change.address))
        if differs(sight, setting):
            changes[position] = replace(change, sees=sight)
    return replace(plan, changes=tuple(changes))


def find_sight(app: App, setting: Setting | None, live: Live | None) -> Sight:
    """What the app sees of one setting; `setting` None where the spec has it no longer."""
    if live is not None:
        return Sight(value=live.fields.get(VALUE), origin=Origin.ROW, why="its row says so")
    if setting is None:
        return Sight(value=ABSENT, origin=Origin.NOWHERE, why="there is no row and no default")
    variables = _find_variables(app, setting)
    if variables:
        return _see_variable(setting, variables)
    if isinstance(setting.default, Unset):
        return Sight(value=ABSENT, origin=Origin.NOWHERE, why="no row, no variable, no default")
    why = "there is no row and no variable"
    return Sight(value=setting.default, origin=Origin.DEFAULT, why=why)


def _see_variable(setting: Setting, variables: list[Any]) -> Sight:
    """From the values that compile gives the variable in each container."""
    value, *others = variables
    why = f"there is no row; compile sets its variable {setting.variable} to this"
    if setting.sensitive:
        value = SecretState()
        why = f"there is no row; the deployment sets its variable {setting.variable}"
    elif any(not _alike(value, one) for one in others):
        value = ABSENT
        why = f"there is no row, and containers are given different {setting.variable}"
    elif value is ABSENT:
        why = f"there is no row; the deployment sets its variable {setting.variable}"
    return Sight(value=value, origin=Origin.VARIABLE, why=why)


def _alike(one: Any, other: Any) -> bool:
    return one is other or (ABSENT not in (one, other) and same(one, other))


def differs(sight: Sight, setting: Setting | None) -> bool:
    """Whether the app sees something else than the spec says."""
    if setting is None or setting.sensitive:
        return False
    wanted = ABSENT if isinstance(setting.default, Unset) else setting.default
    if wanted is ABSENT or sight.value is ABSENT:
        return wanted is not sight.value and wanted is not ABSENT
    return not same(sight.value, wanted)


def _find_variables(app: App, setting: Setting) -> list[Any]:
    """What each deployed container has as the setting's variable; ABSENT where that isn't known."""
    containers = app.deployment.containers
    found = (containers.get(name, {}).get(setting.variable) for name in deployed_services(app))
    return [_compiled(setting, value) for value in found if value is not None]


def _compiled(setting: Setting, value: Literal | FromVariable | Template) -> Any:
    if isinstance(value, FromVariable) and value.name == setting.variable and value.default is None:
        return ABSENT if isinstance(setting.default, Unset) else setting.default
    text = value.text if isinstance(value, Literal) else None
    text = value.default if isinstance(value, FromVariable) else text
    if text is None:
        return ABSENT
    try:
        return parse_stored(setting.type.value, text)
    except (ValueError, RecursionError):
        return text
