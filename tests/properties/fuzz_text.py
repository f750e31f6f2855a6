"""Texts that a loader may meet: noise, something like YAML, and real specs that were damaged."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.properties.spec_mutations import ROOT, as_text, changed_specs

_TOKENS = [
    "penguin: 1", "app:", "name: a", "services:", "imports:", "environments:", "overrides:",
    "config:", "extends:", "default:", "check:", "container:", "compose:", "x-allow:", "PC310:",
    "a", "b: ", ": ", ":", "- ", "-", "? ", "&a ", "&b", "*a", "*b", "<<: ", "<<", "!!str ",
    "!!int ",
    "!x ", "!<tag:yaml.org,2002:map> ", "[", "]", "{", "}", ",", ", ", "|", ">", "|2-", ">+1", "#",
    " # c", "'", '"', "''", '\\"', "\\x41", "\\ud800", "\\U00110000", "\\U0001F600", "\\0", "\\",
    "~",
    "null", "true", "0o17", "0440", "0x_", "0x1F", "1e999", ".nan", "-.inf", "1_000", "12:30:45",
    "99999999999999999999", "2020-01-01", "env:A", "${A}", "$$", "%YAML 1.1", "%YAML 1.2",
    "%TAG ! x",
    "---", "...", "\n", "\n", "\n", "\r\n", "\r", "\t", " ", "  ", "    ", "\ufeff", "\u2028",
    "\x85",
    "\0", "\x07", "\x7f", "é", "\U0001f600", "\ue000", "\ufffe", "http://x:80/y?z", "a:b", "{a:b}",
]  # fmt: skip

SPECS = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "spec").glob("*.yaml"))]
SPECS += [
    path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "penguin_compile" / "rules" / "examples").glob("PC*/*.yaml"))
]

noise = st.binary(max_size=200)
yamlish = st.lists(st.sampled_from(_TOKENS), max_size=60).map("".join)
trees = changed_specs().map(as_text)


@st.composite
def damaged_specs(draw: st.DrawFn) -> str:
    """A real spec after some cuts, copies and insertions."""
    text = draw(st.sampled_from(SPECS))
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 60))
        piece = text[start : start + length]
        kind = draw(st.sampled_from(["cut", "copy", "insert", "swap"]))
        if kind == "cut":
            text = text[:start] + text[start + length :]
        elif kind == "insert":
            text = text[:start] + draw(st.sampled_from(_TOKENS)) + text[start:]
        else:
            target = draw(st.integers(0, len(text)))
            after = target + length if kind == "swap" else target
            text = text[:target] + piece + text[after:]
    return text


@st.composite
def damaged_bytes(draw: st.DrawFn) -> bytes:
    """The bytes of a damaged spec, with some bytes changed, or in another encoding."""
    text = draw(damaged_specs())
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"]))
    data = bytearray(text.encode(encoding, "replace"))
    for _ in range(draw(st.integers(0, 3))):
        if data:
            data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data)
