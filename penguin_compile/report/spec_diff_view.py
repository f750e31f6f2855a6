"""One view of what a change of the spec changes; `spec_diff_text`, `_markdown`, `_json` show it.

Here it is decided what is never shown: the value of a sensitive key, and whatever looks like a
secret by its name or its form, on either side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from penguin_compile.core.records import dataclass
from penguin_compile.model.plan import ABSENT
from penguin_compile.model.record import VALUE
from penguin_compile.model.spec_change import (
    FieldDifference,
    Hidden,
    Kind,
    SpecChange,
    SpecDifference,
)
from penguin_compile.report.plan_words import show
from penguin_compile.rules.secrets import (
    is_secret_text,
    recognise_credential,
    recognise_key,
    says_secret,
)

SIGNS: Final = {Kind.ADDED: "+", Kind.CHANGED: "~", Kind.REMOVED: "-"}
HIDDEN: Final = "(not shown)"
_SENSITIVE_FIELDS: Final = frozenset((VALUE, "default"))
# the first that are there tell what a new resource is
_TELLING: Final = ("image", "build", "build.context", "tier", "type", "default", "above")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """What is compared, as a person calls it, with the commits; a head of None is the work tree."""

    base: str
    base_commit: str
    head: str | None = None
    head_commit: str | None = None

    @property
    def title(self) -> str:
        """`main (3f9c1d2) → work tree`."""
        return f"{_named(self.base, self.base_commit)} → {_named(self.head, self.head_commit)}"


def _named(name: str | None, commit: str | None) -> str:
    if name is None:
        return "work tree"
    short = (commit or "")[:7]
    return name if not short or name.startswith(short) else f"{name} ({short})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Changes of the same environments; `title` names these."""

    title: str
    changes: tuple[SpecChange, ...]


def group(difference: SpecDifference) -> list[Group]:
    """The changes by their environments, those of most environments first."""
    groups: dict[tuple[str, ...], list[SpecChange]] = {}
    for change in difference.changes:
        groups.setdefault(change.environments, []).append(change)
    order = {name: index for index, name in enumerate(difference.environments)}
    ranked = sorted(groups, key=lambda names: (-len(names), [order[one] for one in names]))
    return [
        Group(title=_title(difference, names), changes=tuple(groups[names])) for names in ranked
    ]


def _title(difference: SpecDifference, names: tuple[str, ...]) -> str:
    listed = ", ".join(_environment(difference, one) for one in names)
    every = len(names) == len(difference.environments) > 1
    return f"all environments: {listed}" if every else listed


def _environment(difference: SpecDifference, name: str) -> str:
    if difference.path is None or difference.base_path is None:
        return name
    if name in difference.added_environments:
        return f"{name} (new)"
    return f"{name} (removed)" if name in difference.removed_environments else name


def heading(difference: SpecDifference) -> str:
    """The app, and what became of the spec as a whole."""
    name = difference.app or difference.base_app or ""
    path = difference.path or difference.base_path or ""
    if difference.base_path is None:
        return f"{name} · {path}: new spec"
    if difference.path is None:
        return f"{name} · {path}: spec deleted"
    if difference.app != difference.base_app:
        name = f"{difference.base_app} → {name}: app renamed"
    if difference.path != difference.base_path:
        path = f"{difference.base_path} → {path}"
    return f"{name} · {path}"


def details(change: SpecChange) -> Iterator[str]:
    """What happened to a resource, a few words for each field that matters."""
    if change.kind is Kind.CHANGED:
        for one in change.fields:
            name = "" if one.path == VALUE else f"{one.path} "
            yield name + " → ".join(texts(change, one))
    elif summary := _summary(change):
        yield summary


def texts(change: SpecChange, difference: FieldDifference) -> tuple[str, str]:
    """Both values as a person may see them, in a few characters each."""
    old, new = values(change, difference)
    note = ""
    if old == new != HIDDEN and is_hidden(change, difference):
        note = " (changed where it is not shown)"
    return _show(old), _show(new) + note


def _show(value: Any) -> str:
    return HIDDEN if value == HIDDEN else show(value)


def values(change: SpecChange, difference: FieldDifference) -> tuple[Any, Any]:
    """Both values as they may be shown, ABSENT where there is none."""
    hides = _hides_all(change, difference)
    return _value(difference.old, hides=hides), _value(difference.new, hides=hides)


def _value(value: Any, *, hides: bool) -> Any:
    if value is ABSENT:
        return value
    if hides:
        return HIDDEN
    return value.text if isinstance(value, Hidden) else value


def is_hidden(change: SpecChange, difference: FieldDifference) -> bool:
    """Whether a field's values are not shown, wholly or in part."""
    partly = any(isinstance(one, Hidden) for one in (difference.old, difference.new))
    return partly or _hides_all(change, difference)


def _hides_all(change: SpecChange, difference: FieldDifference) -> bool:
    if change.sensitive and difference.path in _SENSITIVE_FIELDS:
        return True
    name = difference.path.rpartition(".")[2]
    if name == "secret":  # a reference, never a value
        return False
    if name in _SENSITIVE_FIELDS:
        name = change.address.rpartition("/")[2]
    return any(
        _is_secret(*pair)
        for value in (difference.old, difference.new)
        for pair in _named_texts(name, value)
    )


def _is_secret(name: str, text: str) -> bool:
    if recognise_credential(text) or recognise_key(name, text):
        return True
    return says_secret(name) and "${" not in text and is_secret_text(text)


def _named_texts(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Each text in a value with the nearest name, also that of `NAME=text`."""
    if isinstance(value, str):
        yield name, value
        before, equals, after = value.partition("=")
        if equals:
            yield before, after
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _named_texts(str(key), one)
    elif isinstance(value, list):
        for one in value:
            yield from _named_texts(name, one)


def _summary(change: SpecChange) -> str:
    """What a resource is that came or went, in one line."""
    shown = {}
    for one in change.fields:
        old, new = values(change, one)
        shown[one.path] = old if change.kind is Kind.REMOVED else new
    kind = change.address.partition("/")[0]
    if kind in _SUMMARIES:
        return _SUMMARIES[kind](shown)
    if VALUE in shown:
        return _show(shown[VALUE])
    if "secret" in shown:
        return f"secret {shown['secret']}"
    telling = [f"{path} {_word(shown[path])}" for path in _TELLING if path in shown]
    return ", ".join(telling[:2])


def _service(shown: Mapping[str, Any]) -> str:
    where = f"{shown.get('protocol')}://{shown.get('ip_fqdn')}:{shown.get('port')}"
    return f"{where} auth {shown.get('auth_type')}"


def _mapping(shown: Mapping[str, Any]) -> str:
    ends = (", ".join(shown.get(f"{one}_services", ())) for one in ("source", "dest"))
    return f"{' → '.join(ends)} {shown.get('path_prefix', '')}".rstrip()


def _tier(shown: Mapping[str, Any]) -> str:
    limits = {path.partition(".")[2]: one for path, one in shown.items() if "." in path}
    return ", ".join(f"{name} {_word(one)}" for name, one in limits.items())


def _environment_summary(shown: Mapping[str, Any]) -> str:
    parts = [
        *(["protected"] if shown.get("protected") else []),
        *(f"{path} {_word(shown[path])}" for path in ("tier", "database") if path in shown),
        *(f"gateway {_word(shown[path])}" for path in ("gateway.url",) if path in shown),
    ]
    return ", ".join(parts)


_SUMMARIES: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "service": _service,
    "mapping": _mapping,
    "tier": _tier,
    "environment": _environment_summary,
}


def _word(value: Any) -> str:
    return value if isinstance(value, str) else show(value)


def count(differences: Iterable[SpecDifference]) -> dict[str, int]:
    """How many changes there are of each kind, each counted once for all its environments."""
    counts = {kind.value: 0 for kind in Kind}
    for difference in differences:
        for change in difference.changes:
            counts[change.kind.value] += 1
    return counts


def sentence(differences: Iterable[SpecDifference]) -> str:
    """What it all comes to."""
    counts = count(differences)
    if not any(counts.values()):
        return "No resource differs."
    return "Diff: " + ", ".join(f"{number} {name}" for name, number in counts.items()) + "."
