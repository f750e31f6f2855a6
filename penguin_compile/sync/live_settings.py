"""Live values of config keys, as `promote` writes them into a spec; and which may not go there.

Reads the table and the ledger; writes nothing. A secret's value never gets this far: rows of
sensitive keys are fingerprints.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

from penguin_compile.core.errors import Refused, UsageError
from penguin_compile.core.records import dataclass
from penguin_compile.core.suggestion import did_you_mean, list_names
from penguin_compile.live.config.backend import ConfigBackend
from penguin_compile.model.address import Address
from penguin_compile.model.check import violations
from penguin_compile.model.record import VALUE, Base, Live, SecretState
from penguin_compile.model.setting import Setting, Unset, is_deeper
from penguin_compile.sync.comparison import same
from penguin_compile.sync.session import Session

_KIND: Final = "config"
_DEEPEST: Final = 200  # what a spec can hold, and recursion can check


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSettings:
    """What was asked for: values that differ from the spec, and what has none.

    `equal` are those that were named and say the same as the spec; `notes` tell of keys that a
    glob matched and that can't be promoted.
    """

    values: Mapping[str, Any]
    equal: tuple[Address, ...]
    notes: tuple[str, ...]


def read_live_settings(session: Session, globs: Sequence[str]) -> LiveSettings:
    """The live values of the config keys that addresses or globs name.

    Raises UsageError for an address that is no config key of the spec or a glob that matches none,
    and Refused for a secret, a row that is not there and a value that breaks its check.
    """
    settings = session.app.settings
    exact, matched = _match(session.app.name, settings, globs)
    bases = session.state.bases()
    rows = _read(session, bases)
    values: dict[str, Any] = {}
    equal, notes, problems = list[Address](), list[str](), list[str]()
    for key in matched:
        address, setting = Address(_KIND, key), settings[key]
        row = rows.get(address)
        obstacle = _obstacle(session, setting, row, bases.get(address))
        if obstacle is not None and key in exact:
            problems.append(f"{address} {obstacle}")
        elif obstacle is not None:
            notes.append(f"{address} {obstacle}")
        elif row is None or _is_settled(setting, row.fields[VALUE]):
            equal += [address] if key in exact else []
        else:
            value = row.fields[VALUE]
            problems.extend(f"{address}: {one}" for one in _complaints(session, setting, value))
            values[key] = value
    if problems:
        raise Refused("; ".join(problems), hint="nothing was written")
    return LiveSettings(values=values, equal=tuple(equal), notes=tuple(notes))


def _match(
    app: str, settings: Mapping[str, Setting], globs: Sequence[str]
) -> tuple[set[str], list[str]]:
    """The keys that are named one by one, and all of them in the order of the spec."""
    names = {f"{_KIND}/{key}": key for key in settings}
    exact, matched = set[str](), set[str]()
    for glob in globs:
        if not glob.startswith(f"{_KIND}/"):
            raise UsageError(
                f"{glob} can't be promoted: only config keys are edited live",
                hint=f"an address is {_KIND}/KEY, as plan prints it",
            )
        if glob in names:
            exact.add(names[glob])
            continue
        found = [key for name, key in names.items() if fnmatchcase(name, glob)]
        if not found:
            near = did_you_mean(glob, names)
            raise UsageError(
                f"{glob} is no config key of {app}" + (f"; {near}" if near else ""),
                hint=f"a row that the spec does not declare has to be declared under `config:` "
                f"first; declared are: {list_names(settings)}",
            )
        matched.update(found)
    return exact, [key for key in settings if key in exact or key in matched]


def _read(session: Session, bases: Mapping[Address, Base]) -> Mapping[Address, Live]:
    if session.database is None:
        name = session.app.environment.name
        raise UsageError(
            f'the environment "{name}" of {session.app.name} names no database: nothing is live',
            hint=f"add environments.{name}.database: {{url: …}}",
        )
    secrets = [
        address.name
        for address, base in bases.items()
        if isinstance(base.fields.get(VALUE), SecretState)
    ]
    return ConfigBackend(session.database, session.app, secret_keys=secrets).read().live


def _obstacle(
    session: Session, setting: Setting, row: Live | None, base: Base | None
) -> str | None:
    """Why there is no value that could go into a spec."""
    environment = session.app.environment.name
    if setting.sensitive or (row is not None and isinstance(row.fields[VALUE], SecretState)):
        return "is sensitive: a secret's value never goes into a spec; change it where it is kept"
    if row is not None:
        return None
    if base is None or VALUE not in base.fields:
        return f"has no row yet; penguin-compile apply --env {environment} writes it"
    return (
        "was deleted in the live system, so it has no value: put it back with penguin-compile "
        f"apply --env {environment} --use-spec {_KIND}/{setting.key}, or take it out of the spec"
    )


def _is_settled(setting: Setting, value: Any) -> bool:
    return not isinstance(setting.default, Unset) and same(value, setting.default)


def _complaints(session: Session, setting: Setting, value: Any) -> Iterator[str]:
    """What the spec would say of the value, and where it says what a value has to be."""
    if is_deeper(value, _DEEPEST):
        yield f"the live value is nested deeper than {_DEEPEST} levels, which a spec can't hold"
        return
    broken = violations(setting, value)
    if broken:
        pointer = ("config", setting.key, "type" if setting.check is None else "check")
        place = session.locate(pointer)
        yield f"the live value breaks the key's check: it {'; it '.join(broken)} ({place})"
