"""The app's own code, as far as it reads variables: which names it mentions, and which it asks for.

Under the evidence. Files are searched as text, none is run or imported; what a program makes up at
run time, such as a prefix and a name, isn't seen.
"""

# ruff: noqa: SIM905 (a list of words, one to a line, would bury the code)

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from penguin_compile.core.span import Source, Span

_SUFFIXES: Final = frozenset(
    ".py .go .js .jsx .ts .tsx .mjs .cjs .vue .svelte .rb .php .java .kt .cs .rs .sh .bash .dart "
    ".tf .tpl .conf .ini".split()
)
_NAMES: Final = frozenset(("Makefile", "Dockerfile", "Justfile", "Jenkinsfile"))
_LEFT_OUT: Final = frozenset(
    "node_modules venv dist build vendor target site-packages generated __pycache__ coverage tests "
    "test __tests__ testdata fixtures".split()
)
_WORD: Final = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b|\b[A-Z][A-Z0-9]{2,}\b")
_READ: Final = re.compile(
    r"""(?:os\.environ(?:\.get\(|\.pop\(|\[)|(?:os\.)?getenv\(|os\.Getenv\(|os\.LookupEnv\("""
    r"""|ENV(?:\.fetch\(|\[)|System\.getenv\(|env::var\(|Environment\.GetEnvironmentVariable\()"""
    r"""\s*["'](?P<quoted>[A-Z][A-Z0-9_]+)["']"""
    r"""|(?:process\.env|import\.meta\.env)(?:\.(?P<dotted>[A-Z][A-Z0-9_]+)"""
    r"""|\[\s*["'](?P<indexed>[A-Z][A-Z0-9_]+)["'])"""
)
_LARGEST: Final = 1024 * 1024  # bytes; what is larger was written by no person
_MOST_FILES: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A place that asks for a variable by name."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCode:
    """What the code of a folder says of variables; `files` were searched."""

    files: int
    mentioned: frozenset[str]
    asked: tuple[Asked, ...]


def read_source_code(folder: Path) -> SourceCode:
    """Search a folder; what can't be read is passed over."""
    mentioned: set[str] = set()
    asked: list[Asked] = []
    files = 0
    for path in _find_files(folder):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        files += 1
        mentioned.update(_WORD.findall(text))
        asked.extend(_find_asked(Source(os.path.relpath(path), text)))
    return SourceCode(files=files, mentioned=frozenset(mentioned), asked=tuple(asked))


def _find_asked(source: Source) -> Iterator[Asked]:
    for match in _READ.finditer(source.text):
        group = match.lastgroup or "quoted"
        span = Span(source, match.start(group), match.end(group))
        yield Asked(name=match[group], span=span)


def _find_files(folder: Path) -> Iterator[Path]:
    found = 0
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(
            one for one in folders if one not in _LEFT_OUT and not one.startswith(".")
        )
        for name in sorted(names):
            path = Path(root, name)
            if not _is_code(path):
                continue
            found += 1
            if found > _MOST_FILES:
                return
            yield path


def _is_code(path: Path) -> bool:
    if path.suffix not in _SUFFIXES and path.name.partition(".")[0] not in _NAMES:
        return False
    try:
        return path.is_file() and not path.is_symlink() and path.stat().st_size <= _LARGEST
    except OSError:
        return False
