"""Env files: every entry with its place, its comment and the value that Compose gives it.

Nothing in them is ever run: `$(…)` and backticks are text. Source: the grammar of compose-go's
`dotenv`, seen at work in the real program (tests/unit/intake/test_env_file.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.core.span import Source, Span, clip_span
from penguin_compile.intake.env_comments import read_comments
from penguin_compile.intake.interpolation import (
    BadInterpolation,
    MissingVariable,
    evaluate,
    parse,
)

_COMMENTED_OUT = re.compile(r"#+[ \t]?(?:export[ \t]+)?([A-Z][A-Z0-9_]*)=(.*)\Z")
_KEY = re.compile(r"(?:export[ \t\v\f\r]+)?([^\s=:#'\"]+)[ \t\v\f\r]*([=:]|(?=\n)|\Z)")
_KEY_CHARACTERS = re.compile(r"[\w.\[\]-]+\Z")
_INLINE_COMMENT = re.compile(r" #(.*)\Z", re.DOTALL)  # a tab before the hash begins none
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_SHELL = re.compile(r"\$\(|`")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvEntry:
    """One assignment. `value` is None for a name alone that nothing around it sets.

    `comment` stands beside it or above it; `heading` is that of the group it stands in.
    """

    name: str
    value: str | None
    raw: str
    place: Span
    value_place: Span
    comment: str | None = None
    heading: str | None = None
    commented_out: bool = False
    shell: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvFile:
    """An env file that was read: its entries in order, and what is wrong with it."""

    source: Source
    entries: tuple[EnvEntry, ...]
    findings: tuple[Diagnostic, ...] = ()

    @property
    def active(self) -> list[EnvEntry]:
        """What is set, in order; a name may come twice."""
        return [one for one in self.entries if not one.commented_out]

    @property
    def values(self) -> dict[str, str]:
        """What Compose reads: the last of two wins."""
        return {one.name: one.value for one in self.active if one.value is not None}


@dataclass(slots=True)
class _Reader:
    source: Source
    outer: Mapping[str, str]
    entries: list[EnvEntry] = field(default_factory=list)
    findings: list[Diagnostic] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)

    def read(self) -> None:
        text, position = self.source.text, 0
        while position < len(text):
            line_end = text.find("\n", position)
            line_end = len(text) if line_end < 0 else line_end
            line = text[position:line_end].strip()
            if not line:
                position = line_end + 1
            elif line.startswith("#"):
                self._comment(line, position, line_end)
                position = line_end + 1
            else:
                position = self._assignment(position, line_end)

    def _comment(self, line: str, start: int, end: int) -> None:
        match = _COMMENTED_OUT.match(line)
        if match is None:
            return
        place = clip_span(self.source, start, end)
        value = _plain_value(match[2])
        self.entries.append(
            EnvEntry(
                name=match[1],
                value=value,
                raw=match[2],
                place=place,
                value_place=place,
                comment=_inline_comment(match[2]),
                commented_out=True,
            )
        )

    def _assignment(self, start: int, line_end: int) -> int:
        """One assignment; returns where the next line begins."""
        text = self.source.text
        begin = start + len(text[start:line_end]) - len(text[start:line_end].lstrip())
        match = _KEY.match(text, begin)
        if match is None or not _KEY_CHARACTERS.match(match[1]):
            self._complain("this line is no assignment", begin, line_end)
            return line_end + 1
        place = clip_span(self.source, match.start(1), match.end(1))
        if not match[2]:
            value = self.outer.get(match[1])
            self._add(match[1], value, "", place, place, None)
            return line_end + 1
        at = match.end()
        while at < line_end and text[at] in " \t\v\f\r":
            at += 1
        if at < line_end and text[at] in "'\"":
            return self._quoted(match[1], place, at, line_end)
        raw = text[at:line_end].rstrip()
        inline = _INLINE_COMMENT.search(raw)
        value = raw[: inline.start()].rstrip() if inline else raw
        comment = inline[1].strip() if inline else None
        value_place = clip_span(self.source, at, at + len(value))
        self._add(match[1], self._expand(value, value_place), value, place, value_place, comment)
        return line_end + 1

    def _quoted(self, name: str, place: Span, at: int, line_end: int) -> int:
        text = self.source.text
        quote = text[at]
        end = at + 1
        while end < len(text) and text[end] != quote:
            end += 2 if text[end] == "\\" else 1
        if end >= len(text):
            self._complain("a quote that is not closed", at, line_end)
            return line_end + 1
        raw = text[at + 1 : end]
        value_place = clip_span(self.source, at, end + 1)
        value = raw
        if quote == '"':
            value = self._expand(_ESCAPE.sub(_unescape, raw), value_place)
        else:
            value = raw.replace("\\'", "'")
        rest_end = text.find("\n", end)
        rest_end = len(text) if rest_end < 0 else rest_end
        rest = text[end + 1 : rest_end].strip()
        comment = rest.lstrip("#").strip() if rest.startswith("#") else None
        if rest and comment is None:
            self._complain("text behind the closing quote", end + 1, rest_end)
        self._add(name, value, raw, place, value_place, comment)
        return rest_end + 1

    def _expand(self, text: str, place: Span) -> str:
        if "$" not in text:
            return text
        try:
            return evaluate(parse(text), lambda name: self.values.get(name, self.outer.get(name)))
        except (BadInterpolation, MissingVariable):
            message = "a dollar sign that Compose can't read; it is taken for text"
            self._complain(message, place.start, place.end)
            return text

    def _add(
        self,
        name: str,
        value: str | None,
        raw: str,
        place: Span,
        value_place: Span,
        comment: str | None,
    ) -> None:
        shell = _SHELL.search(raw) is not None
        if shell:
            message = f'the value of "{name}" holds shell code: it is never run, and stays text'
            self._complain(message, value_place.start, value_place.end)
        entry = EnvEntry(
            name=name,
            value=value,
            raw=raw,
            place=place,
            value_place=value_place,
            comment=comment,
            shell=shell,
        )
        self.entries.append(entry)
        if value is not None:
            self.values[name] = value

    def _complain(self, message: str, start: int, end: int) -> None:
        self.findings.append(
            Diagnostic(
                code="PC553",
                severity=Severity.WARNING,
                message=message,
                span=clip_span(self.source, start, end),
                help="an env file has lines NAME=value; quote a value that holds spaces or #",
            )
        )


def read_env_file(source: Source, outer: Mapping[str, str] | None = None) -> EnvFile:
    """All entries of a text; `outer` are variables that its values may refer to."""
    reader = _Reader(source, outer or {})
    reader.read()
    entries = tuple(_with_comments(source, reader.entries))
    return EnvFile(source=source, entries=entries, findings=tuple(reader.findings))


def _unescape(match: re.Match[str]) -> str:
    if match[1] == "$":
        return "$$"
    return _ESCAPES.get(match[1], match[1] if match[1] in '\\"' else match[0])


def _plain_value(raw: str) -> str:
    """The value of a line that is commented out: quotes and comments off, nothing expanded."""
    text = raw.strip()
    if len(text) > 1 and text[0] in "'\"" and text.find(text[0], 1) > 0:
        return text[1 : text.find(text[0], 1)]
    inline = _INLINE_COMMENT.search(text)
    return text[: inline.start()].rstrip() if inline else text


def _inline_comment(raw: str) -> str | None:
    inline = _INLINE_COMMENT.search(raw.strip())
    return inline[1].strip() or None if inline else None


def _with_comments(source: Source, entries: list[EnvEntry]) -> Iterator[EnvEntry]:
    lines = {one.place.line for one in entries}
    inside = {
        line for one in entries for line in range(one.place.line + 1, one.value_place.end_line + 1)
    }
    remarks = read_comments(source, lines, inside)
    for one in entries:
        remark = remarks[one.place.line]
        yield replace(one, comment=one.comment or remark.comment, heading=remark.heading)
