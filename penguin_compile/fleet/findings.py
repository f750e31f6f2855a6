"""Findings and claims as plain data and back: they go between processes, and into the cache.

A place is a file and two offsets in it. The text is read again where somebody is shown it, which
holds as long as the file is the one that was read; its hash says so.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from penguin_compile.claims import Claim, Claims, Kind
from penguin_compile.core.diagnostic import Diagnostic, Related, Severity
from penguin_compile.core.errors import FileFailure
from penguin_compile.core.span import Source, Span, clip_span

Data: TypeAlias = Mapping[str, Any]
_CALLER = Kind.CALLER.value


class Texts:
    """The texts that places are in, each read once, and only where it is needed."""

    def __init__(self) -> None:
        self._sources: dict[str, Source] = {}

    def span(self, data: tuple[str, int, int]) -> Span:
        """A place; at the beginning of a file that is gone by now."""
        path, start, end = data
        if path not in self._sources:
            from penguin_compile.source.files import FILE_SYSTEM  # with the YAML parser

            try:
                self._sources[path] = FILE_SYSTEM.read(Path(path), path)[0]
            except FileFailure:
                self._sources[path] = Source(path, "")
        return clip_span(self._sources[path], start, end)


def finding_data(finding: Diagnostic) -> dict[str, Any]:
    """A complaint as plain data."""
    return {
        "code": finding.code,
        "severity": int(finding.severity),
        "message": finding.message,
        "at": _at(finding.span),
        "pointer": list(finding.pointer),
        "label": finding.label,
        "help": finding.help,
        "environments": list(finding.environments),
        "related": [[one.message, _at(one.span)] for one in finding.related],
    }


def read_finding(data: Data, texts: Texts) -> Diagnostic:
    """The complaint that data stands for."""
    return Diagnostic(
        code=data["code"],
        severity=Severity(data["severity"]),
        message=data["message"],
        span=texts.span(data["at"]),
        pointer=tuple(data["pointer"]),
        label=data["label"],
        help=data["help"],
        environments=tuple(data["environments"]),
        related=tuple(
            Related(message=message, span=texts.span(at)) for message, at in data["related"]
        ),
    )


def claims_data(claims: Claims) -> dict[str, Any]:
    """What a spec claims as plain data."""
    return {
        "apps": list(claims.apps),
        "services": list(claims.services),
        "claims": [
            [
                *(str(one.kind), one.key, one.what, one.holder),
                *(list(one.pointer), _at(one.span), list(one.environments)),
            ]
            for one in claims.claims
        ],
    }


def shared_keys(every: Iterable[Data]) -> set[str]:
    """The keys of claims that more than one spec may have: the others can't clash."""
    seen: set[str] = set()
    shared: set[str] = set()
    for data in every:
        for _, key, *_ in data["claims"]:
            (shared if key in seen else seen).add(key)
    return shared


def read_claims(data: Data, keys: Container[str], environments: tuple[str, ...] = ()) -> Claims:
    """The claims with these keys, in the environments that are named or in all, and all callers.

    Their places are offsets in texts that nobody has read yet.
    """
    return Claims(
        apps=tuple(data["apps"]),
        services=tuple(data["services"]),
        claims=tuple(
            Claim(
                kind=Kind(kind),
                key=key,
                what=what,
                holder=holder,
                pointer=tuple(pointer),
                span=Span(Source(at[0], ""), at[1], at[2]),
                environments=tuple(names),
            )
            for kind, key, what, holder, pointer, at, names in data["claims"]
            if (key in keys or kind == _CALLER)
            and (not environments or not set(names).isdisjoint(environments))
        ),
    )


def _at(span: Span) -> list[Any]:
    return [span.path, span.start, span.end]
