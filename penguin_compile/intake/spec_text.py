"""A draft as commented YAML, made to be read and edited (last stage before `init` writes).

Sections in the order of the language, short things on one line, comments where a person has to
decide something. Every text that is written bare is read back as itself: the tests prove it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from json.encoder import encode_basestring
from textwrap import wrap
from typing import Any

from penguin_compile.intake.draft import Draft, DraftEntry, DraftService
from penguin_compile.source.scalars import resolve_plain

WIDTH = 96
_ALLOW = "x-allow"
_BARE = re.compile(
    r"(?:[A-Za-z0-9/._$~]|-(?=[A-Za-z0-9]))[A-Za-z0-9 _./@+$(){}=;%'<>!?*^~:&,|\[\]\"\\-]*\Z"
)
_BARE_IN_FLOW = re.compile(
    r"(?:[A-Za-z0-9/._$]|-(?=[A-Za-z0-9-]))[A-Za-z0-9 _./@+$()=;%'<>!*^~&|\"\\-]*\Z"
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_./-]+\Z")
_WORDS_OF: dict[bool | None, str] = {None: "null", True: "true", False: "false"}
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
_UNPRINTABLE = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_BLOCK = re.compile(r"(?:[!-~\u00a1-\u2027\u2030-\ud7ff][ -~\u00a1-\u2027\u2030-\ud7ff]*\n?|\n)+\Z")
_INDENT = "  "
_MOST_IN_LINE = 4


def write_spec(draft: Draft) -> str:
    """The text of the whole spec; ends with a line break."""
    lines = [*_head(draft), *_services(draft), *_routes(draft), *_variables(draft)]
    lines += [*_section("compose", draft.compose), *_settings(draft)]
    if draft.categories:
        lines += _section("categories", draft.categories)
    lines += [*_section("outputs", draft.outputs, _OUTPUTS), *_tail(draft)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


_ENVIRONMENTS = "The systems that this was read from. What is right there, the first plan adopts."
_OUTPUTS = "An empty variable counts as one that is not set, as in the Compose files so far."


def _head(draft: Draft) -> Iterator[str]:
    sources = ", ".join(draft.sources)
    opening = f"Written by `penguin-compile init` from {sources}." if sources else ""
    yield from _comment(
        f"{opening} This file is the source from now on: edit it, then run `penguin-compile"
        " validate` and `penguin-compile compile`. No secret's value is in it; what a deployment"
        " must set is under `variables`.".strip(),
        "",
    )
    yield "penguin: 1"
    yield "app:"
    yield f"  name: {scalar(draft.name)}"
    yield '  # version: "1.0.0"'
    yield "  # description: One line for people"
    for text in draft.left_out:
        yield from _comment(text, "")


def _services(draft: Draft) -> Iterator[str]:
    if not draft.services:
        return
    yield from ("", "services:")
    for service in draft.services.values():
        for text in service.comments:
            yield from _comment(text, _INDENT)
        yield f"{_INDENT}{_key(service.name)}:"
        yield from _service(service)
        yield ""


def _service(service: DraftService) -> Iterator[str]:
    at = _INDENT * 2
    if service.allowed:
        yield from _node(f"{at}{_ALLOW}:", service.allowed, at)
    for key, value in service.gateway.items():
        yield from _node(f"{at}{key}:", value, at)
    if service.config:
        yield from _node(f"{at}config:", service.config, at)
    if service.container is not None:
        yield from _mapping(f"{at}container:", service.container, at)
    if service.environment:
        yield from _mapping(f"{at}environment:", service.environment, at)


def _routes(draft: Draft) -> Iterator[str]:
    if draft.routes:
        yield "routes:"
        yield from _entries(draft.routes)
        yield ""
        return
    if any(one.gateway.get("gateway", True) for one in draft.services.values()):
        name = next(k for k, one in draft.services.items() if one.gateway.get("gateway", True))
        yield from _comment("Who may call what through the gateway is in none of the files:", "")
        yield "# routes:"
        yield "#   public:"
        yield "#     from: [external]"
        yield f"#     to: [{name}]"
        yield "#     listen: {port: 443, protocol: https}"
        yield "#     path_prefix: /"
        yield ""


def _variables(draft: Draft) -> Iterator[str]:
    if not draft.variables:
        return
    yield "variables:"
    yield from _allowed(draft, "variables")
    yield from _entries(draft.variables)
    yield ""


def _settings(draft: Draft) -> Iterator[str]:
    if not draft.settings:
        return
    yield "config:"
    yield from _allowed(draft, "config")
    yield from _entries(draft.settings)
    yield ""


def _allowed(draft: Draft, section: str) -> Iterator[str]:
    if section in draft.allowed:
        yield from _node(f"{_INDENT}{_ALLOW}:", draft.allowed[section], _INDENT)


def _entries(entries: Mapping[str, DraftEntry]) -> Iterator[str]:
    heading: str | None = None
    first = True
    for entry in entries.values():
        if entry.heading != heading:
            heading = entry.heading
            if not first:
                yield ""
            if heading:
                yield from _comment(heading, _INDENT)
        first = False
        for text in entry.comments:
            yield from _comment(text, _INDENT)
        yield from _node(f"{_INDENT}{_key(entry.name)}:", entry.keys, _INDENT)


def _section(name: str, value: Any, comment: str | None = None) -> Iterator[str]:
    if not value:
        return
    if comment and isinstance(value, dict) and "compose" in value:
        yield from _comment(comment, "")
    yield from (
        _mapping(f"{name}:", value, "") if isinstance(value, dict) else _node(f"{name}:", value, "")
    )
    yield ""


def _tail(draft: Draft) -> Iterator[str]:
    if draft.environments:
        yield from _comment(_ENVIRONMENTS, "")
        yield from _section("environments", draft.environments)
        return
    yield from _comment(
        "Where it is deployed; `plan` and `apply` need a database and a gateway:", ""
    )
    yield "# environments:"
    yield "#   dev:"
    yield '#     database: {url: {secret: "env:DATABASE_URL"}}'
    yield "#     marchproxy:"
    yield '#       url: "http://127.0.0.1:8000"'
    yield '#       token: {secret: "env:CLUSTER_API_KEY"}'


def _comment(text: str, indent: str) -> Iterator[str]:
    clean = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    width = WIDTH - len(indent) - 2
    for line in wrap(clean, width, break_long_words=False, break_on_hyphens=False):
        yield f"{indent}# {line}"


def _mapping(lead: str, value: Mapping[str, Any], indent: str) -> Iterator[str]:
    """A mapping in lines of its own, whatever its size."""
    if not value:
        yield f"{lead} {{}}"
        return
    yield lead
    for key, item in value.items():
        deeper = indent + _INDENT
        yield from _node(f"{deeper}{_key(key)}:", item, deeper)


def _node(lead: str, value: Any, indent: str) -> Iterator[str]:
    """One value after `key:`, on its line where it fits there."""
    if isinstance(value, dict | list):
        short = _flow(value)
        if short is not None and len(lead) + 1 + len(short) <= WIDTH:
            yield f"{lead} {short}"
        elif isinstance(value, dict):
            yield from _mapping(lead, value, indent)
        else:
            yield lead
            for item in value:
                yield from _item(item, indent + _INDENT)
    elif isinstance(value, str) and "\n" in value and _fits_block(value):
        chomp = "" if value.endswith("\n") else "-"
        yield f"{lead} |{chomp}"
        for line in value.removesuffix("\n").split("\n"):
            yield f"{indent}{_INDENT}{line}"
    else:
        yield f"{lead} {scalar(value)}"


def _item(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        short = _flow(value)
        if short is not None and len(indent) + 2 + len(short) <= WIDTH:
            yield f"{indent}- {short}"
            return
        first = True
        for key, item in value.items():
            lead = f"{indent}{'- ' if first else _INDENT}{_key(key)}:"
            yield from _node(lead, item, indent + _INDENT)
            first = False
    else:
        yield from _node(f"{indent}-", value, indent)


def _fits_block(text: str) -> bool:
    if " \n" in text or text.endswith(" "):  # which no editor would keep
        return False
    return _BLOCK.match(text) is not None and not text.endswith("\n\n") and text[0] not in " \n"


def _flow(value: Any, depth: int = 0) -> str | None:
    """A small value on one line; None where it is better in lines of its own."""
    if isinstance(value, dict):
        return _flow_mapping(value, depth)
    if isinstance(value, list):
        items = [_flow(item, depth + 1) for item in value]
        nested = any(one is None for one in items) or any(
            isinstance(one, dict | list) for one in value
        )
        return None if nested else "[" + ", ".join(map(str, items)) + "]"
    broken = isinstance(value, str) and "\n" in value
    return None if broken else scalar(value, in_flow=True)


def _flow_mapping(value: Mapping[str, Any], depth: int) -> str | None:
    if value and (depth > 1 or len(value) > _MOST_IN_LINE + 1):
        return None
    parts = [(_key(key), _flow(item, depth + 1)) for key, item in value.items()]
    if any(text is None for _, text in parts):
        return None
    return "{" + ", ".join(f"{key}: {text}" for key, text in parts) + "}"


def scalar(value: Any, *, in_flow: bool = False) -> str:
    """A single value on one line, quoted where it has to be."""
    if not isinstance(value, str):
        return _WORDS_OF[value] if isinstance(value, bool | None) else repr(value)
    bare = (_BARE_IN_FLOW if in_flow else _BARE).match(value)
    if bare and _is_safe(value):
        return str(value)
    plain = value.isprintable() and value.isascii() and "'" not in value
    if plain and ('"' in value or "\\" in value):
        return f"'{value}'"
    return _quoted(value)


def _quoted(text: str) -> str:
    return _UNPRINTABLE.sub(lambda one: f"\\u{ord(one[0]):04x}", encode_basestring(text))


def _is_safe(text: str) -> bool:
    if text != text.strip() or text.lower() in _WORDS or type(resolve_plain(text)) is not str:
        return False
    return (
        ": " not in text and " #" not in text and not text.endswith(":") and text[0] != "-"
    ) or (text[:1] == "-" and len(text) > 1 and ": " not in text and not text.endswith(":"))


def _key(key: str) -> str:
    text = str(key)
    safe = _BARE_KEY.match(text) and text.lower() not in _WORDS and not text.startswith("-")
    return text if safe and type(resolve_plain(text)) is str else _quoted(text)
