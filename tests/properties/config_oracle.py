"""What sync.md says becomes of a row of the config table, written without a look at the code.

Everything is text here: what a row holds, what the spec's value would be, what was settled last.
 What two texts mean is read by the type that the spec has now.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY = b"0123456789abcdef0123456789abcdef"
KEYRING = f"k1:{base64.b64encode(KEY).decode()}"

# base live desired | seed | merge | enforce: the class, and what the ledger holds afterwards.
TABLE = """
- - D | create D          | create D               | create D
- D D | adopt D           | adopt D                | adopt D
- L D | left -            | override kept D        | conflict -
B B B | unchanged B       | unchanged B            | unchanged B
B B D | left B            | update D               | update D
B L B | left B            | override kept B        | restore D
B D D | converged D       | converged D            | converged D
B L D | left B            | conflict B             | restore D
B - B | left B            | deleted outside B      | recreate D
B - D | left B            | conflict B             | recreate D
B B - | release -         | delete B               | delete B
B L - | release -         | delete B               | delete B
B - - | forget -          | forget -               | forget -
- L - | unmanaged -       | unmanaged -            | unmanaged -
"""
WRITES = {"create": "create", "recreate": "create", "update": "update", "restore": "update"}
MODES = ("seed", "merge", "enforce")


def _read_table() -> dict[tuple[str, str], tuple[str, str]]:
    cells: dict[tuple[str, str], tuple[str, str]] = {}
    for line in TABLE.strip().splitlines():
        sides, *verdicts = line.split("|")
        for mode, verdict in zip(MODES, verdicts, strict=True):
            word, after = verdict.strip().rsplit(" ", 1)
            cells[sides.strip(), mode] = (word, after)
    return cells


CELLS = _read_table()


class Row(NamedTuple):
    """A row's five columns that count; `flag` is `is_sensitive`."""

    text: str | None
    type: str
    category: str
    description: str | None
    flag: bool


@dataclass(frozen=True)
class Wanted:
    """A key of the spec; `text` None: it has no value."""

    kind: str
    text: str | None
    category: str
    description: str
    manage: str
    protected: bool = False
    sensitive: bool = False

    @property
    def stored_type(self) -> str:
        return "json" if self.kind == "number" else self.kind


@dataclass(frozen=True)
class Entry:
    """What the ledger remembers of a key; `text` None: nothing of its value."""

    text: str | None
    type: str
    manage: str
    protected: bool
    secret: bool = False


@dataclass(frozen=True)
class Choices:
    """The options of one apply."""

    keep: frozenset[str] = frozenset()
    use: frozenset[str] = frozenset()
    prune: bool = False
    skip_conflicts: bool = False


@dataclass(frozen=True)
class Expected:
    """What becomes of one key; `sealed`: its text is encrypted on the way, whatever it is."""

    klass: str
    action: str
    row: Row | None
    entry: Entry | None
    sealed: bool = False


def meaning(kind: str, text: str | None) -> Any:
    """What an app reads from a row, as something that compares; a text it can't read as itself."""
    if text is None:  # what NULL is to an app whose column may be that
        return ("value", "null")
    try:
        match kind:
            case "integer":
                return ("value", _canonical(int(text)))
            case "boolean" if text.lower() in {"true", "1", "yes", "false", "0", "no"}:
                return ("value", _canonical(text.lower() in {"true", "1", "yes"}))
            case "json" | "number":
                return ("value", _canonical(json.loads(text, parse_constant=_refuse)))
            case "string":
                return ("value", _canonical(text))
    except ValueError:
        pass
    return ("text", text)


def _refuse(text: str) -> None:
    raise ValueError(text)


def _canonical(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("no JSON")
    return json.dumps(_numbers(value), sort_keys=True)


def _numbers(value: Any) -> Any:
    """1 and 1.0 are one JSON number."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _numbers(one) for key, one in value.items()}
    return [_numbers(one) for one in value] if isinstance(value, list) else value


def opened(key: str, text: str | None) -> str | None:
    """A row's text, unsealed where it is sealed."""
    if text is None or not text.startswith("enc:v1:k1:"):
        return text
    sealed = base64.b64decode(text.removeprefix("enc:v1:k1:"))
    return AESGCM(KEY).decrypt(sealed[:12], sealed[12:], key.encode()).decode()


def expect(  # noqa: C901, PLR0911, PLR0912  # as long as the page
    key: str, entry: Entry | None, row: Row | None, want: Wanted | None, choices: Choices
) -> Expected:
    """The table, and the sentences under it."""
    if want is None:
        return _gone(key, entry, row, choices)
    if want.text is None:
        return _valueless(key, entry, row, want, choices)
    live = None if row is None else opened(key, row.text)
    base = None if entry is None else entry.text
    there = row is not None

    def equal(one: str | None, other: str | None) -> bool:
        return meaning(want.kind, one) == meaning(want.kind, other)

    third = "B" if base is not None and equal(base, want.text) else "D"
    second = "-"
    if there:
        second = "L"
        if base is not None and equal(live, base):
            second = "B"
        elif equal(live, want.text):
            second = "D"
    first = "-" if base is None else "B"
    if first == "-" or (second == "D" and third == "B"):
        third = "D"
    word, after = CELLS[f"{first} {second} {third}", want.manage]
    retained = entry is not None and entry.manage != want.manage
    if first == "B" and second == "L" and retained and want.manage != "seed":
        word, after = "conflict", "B"
    use, keep = key in choices.use, key in choices.keep and want.manage != "enforce"
    if use:
        same = row is not None and equal(live, want.text) and (want.sensitive or not row.flag)
        again = "recreate" if first == "B" else "create"
        word = again if not there else word if same else "update"
        word, after = (("unchanged" if same else word), "D")
    elif keep and word == "conflict":
        word, after = ("override kept" if there else "deleted outside"), "D"
    decided = use or keep or key in choices.keep
    if row is not None and row.flag and not want.sensitive and not use:
        word = "conflict"
    if (
        word in {"override kept", "left"}
        and row is not None
        and row.type != want.stored_type
        and meaning(want.kind, live)[0] == "text"
        and not decided
    ):
        word = "conflict"
    if word == "conflict":
        return Expected("conflict", "none", row, entry)
    settled = {"-": None, "B": base, "D": want.text}[after]
    described = Row(None, want.stored_type, want.category, want.description, want.sensitive)
    memory = remembered(entry, settled, want)
    if word in {"create", "recreate"}:
        return Expected(word, "create", described._replace(text=want.text), memory, want.sensitive)
    if row is None:
        kept = (
            memory
            if word != "left"
            else replace(entry, manage=want.manage, protected=want.protected)
        )
        return Expected(word, "none", None, kept)
    if after == "-":
        kept = (
            None if entry is None else replace(entry, manage=want.manage, protected=want.protected)
        )
        return Expected(word, "none", row, kept)
    writes = word in {"update", "restore"}
    text = want.text if writes else row.text
    new = described._replace(text=text)
    differs = writes or new[1:] != row[1:]
    sealed = want.sensitive and (writes or not row.flag)
    return Expected(word, "update" if differs else "none", new, memory, sealed)


def remembered(entry: Entry | None, text: str | None, want: Wanted) -> Entry:
    """An entry; a text that was settled under a type that the new one can't read keeps that."""
    kind, old = want.stored_type, entry is not None and entry.text == text
    secret = want.sensitive or (old and entry.secret)
    if old and not secret and text is not None and meaning(kind, text)[0] == "text":
        kind = entry.type
    return Entry(text, kind, want.manage, want.protected, secret)


def _valueless(
    key: str, entry: Entry | None, row: Row | None, want: Wanted, choices: Choices
) -> Expected:
    if row is None:
        return Expected("nothing", "none", None, entry)
    if row.flag and not want.sensitive and key not in choices.use:
        return Expected("conflict", "none", row, entry)
    new = Row(row.text, want.stored_type, want.category, want.description, want.sensitive)
    text = None if entry is None else entry.text
    memory = remembered(entry, text, want)
    action = "update" if new[1:] != row[1:] else "none"
    return Expected("unchanged" if entry else "adopt", action, new, memory)


def _gone(key: str, entry: Entry | None, row: Row | None, choices: Choices) -> Expected:
    if entry is None:
        return Expected("unmanaged", "none", row, None)
    if row is None:
        return Expected("forget", "none", None, None)
    live = opened(key, row.text)
    edited = entry.text is None or meaning(row.type, live) != meaning(row.type, entry.text)
    word, _ = CELLS["B L -" if edited else "B B -", entry.manage]
    kept = key in choices.keep and key not in choices.use
    if entry.text is None or word == "release" or kept:
        return Expected("release", "none", row, None)
    needs_decision = edited and entry.manage == "merge"
    if choices.prune and (not needs_decision or key in choices.use):
        return Expected("delete", "delete", None, None)
    return Expected("delete", "none", row, entry)


def refused(changes: Iterable[tuple[Expected, Entry | None]]) -> bool:
    """Whether a protected key would be deleted."""
    return any(
        one.action == "delete" and entry is not None and entry.protected for one, entry in changes
    )
