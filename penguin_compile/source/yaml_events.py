"""YAML text to tree, in one pass over the C parser's events.

Events carry positions, and building from them costs a fraction of what the library's composer and
constructor do. Duplicate keys, merge keys, tags, depth and alias limits are therefore handled here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from math import isfinite
from typing import Any

from ruamel.yaml import events as yaml_events
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from penguin_compile.core.diagnostic import Diagnostic, Related, Severity
from penguin_compile.core.records import dataclass
from penguin_compile.core.span import Source, Span, clip_span
from penguin_compile.source.scalars import resolve_plain
from penguin_compile.source.tree import Document, Mapping, Sequence

DEEPEST = 200
MOST_ALIASED = 100_000
_CORE = "tag:yaml.org,2002:"
_SCALAR_TAGS = {"int": (int,), "float": (float, int), "bool": (bool,), "null": (type(None),)}
_NO_KEY: Any = object()
_COLON_IN_FLOW = "found unexpected ':'"
_INNER_COLON = re.compile(r"""(?<=[^\s"'\[\]{},]):(?=[^\s,\[\]{}])""")
_SURROGATE = re.compile("[\ud800-\udfff]")
_PATIENCE = 1_000_000  # characters; the slow parser takes about a second for them
_ESCAPE_HELP = "write it as an escape in quotes"
_PLAIN_WORDS = {
    "mapping values are not allowed in this context": "a colon that starts a second value here",
    "did not find expected key": "a key was expected here; look at the indentation",
    "did not find expected '-' indicator": "a list item was expected here; look at the indentation",
    "did not find expected node content": "a value was expected here",
    "could not find expected ':'": 'a ":" is missing after the key',
}


class _Stop(Exception):
    """Reading can't go on; the complaint is already on the list."""


def parse_yaml(source: Source) -> tuple[Document | None, list[Diagnostic]]:
    """The tree of a text, and every complaint about it. No tree where it can't be read at all."""
    builder = _parse(source, None)
    return builder.document, builder.findings


@dataclass(frozen=True, slots=True)
class ForeignYaml:
    """A file of another program: its documents, and the tags that were let through.

    `tags` are by the offset at which the tagged value begins.
    """

    documents: list[Document]
    tags: dict[int, str]
    findings: list[Diagnostic]


def parse_foreign_yaml(source: Source, tags: frozenset[str]) -> ForeignYaml:
    """A text that another program reads: several documents, `tags` of its own, YAML 1.1 or 1.2."""
    builder = _parse(source, tags)
    found = [*builder.earlier, *([] if builder.document is None else [builder.document])]
    return ForeignYaml(found, builder.tags, builder.findings)


def _parse(source: Source, tags: frozenset[str] | None) -> _Builder:
    """What was built; without a document where the text can't be read at all."""
    failed = _Builder(source, tags)
    try:
        try:
            return _run(source, _event_reader, tags)
        except MarkedYAMLError as error:
            return _read_again(source, error, tags)
    except ReaderError as error:
        offset = source.text.find(chr(error.character))
        message = f"a control character (U+{error.character:04X}) is not allowed in YAML"
        failed.complain("PC101", message, offset, offset + 1, help=_ESCAPE_HELP)
    except MarkedYAMLError as error:
        failed.complain_syntax(error)
    except YAMLError as error:
        failed.complain("PC101", f"this is no YAML: {error}", 0, 0)
    return failed


def _read_again(source: Source, error: MarkedYAMLError, tags: frozenset[str] | None) -> _Builder:
    """What the C parser refuses may be YAML 1.2 all the same: it knows 1.1.

    Raises the error that is one, or where the text is too long for the slow parser.
    """
    if error.problem == _COLON_IN_FLOW:
        try:
            return _run(source, _tolerant_reader, tags)
        except MarkedYAMLError as beyond:  # the mistake is not that colon
            error = beyond
    if len(source.text) <= _PATIENCE:
        with suppress(MarkedYAMLError):
            return _run(source, _pure_reader, tags)
    raise error


def _run(
    source: Source, reader: Callable[[str], Callable[[], Any]], tags: frozenset[str] | None
) -> _Builder:
    builder = _Builder(source, tags)
    try:
        builder.run(reader(source.text))
    except _Stop:
        builder.document = None
        builder.earlier.clear()
    return builder


def list_events(source: Source) -> list[Any]:
    """The parser's events of a text that `parse_yaml` reads without a complaint."""
    for reader in (_event_reader, _tolerant_reader):
        with suppress(MarkedYAMLError):
            return list(iter(reader(source.text), None))
    return list(iter(_pure_reader(source.text), None))


def _event_reader(text: str) -> Callable[[], Any]:
    try:
        from _ruamel_yaml import CParser
    except ImportError:  # a platform without a wheel of ruamel.yaml.clib
        return _pure_reader(text)
    read: Callable[[], Any] = CParser(text).get_event
    return read


def _pure_reader(text: str) -> Callable[[], Any]:
    """The same events from Python's own parser, ten to twenty times slower."""
    from ruamel.yaml import YAML

    events = iter(YAML(typ="safe", pure=True).parse(text))
    mark: Any = None

    def read() -> Any:
        nonlocal mark
        try:
            event = next(events, None)
        except (ValueError, OverflowError):  # what chr() says of an escape such as \UFFFFFFFF
            raise _bad_escape(mark) from None
        mark = getattr(event, "start_mark", None)
        if isinstance(event, yaml_events.ScalarEvent) and _SURROGATE.search(event.value):
            _join_surrogates(event)
        return event

    return read


def _bad_escape(mark: Any) -> MarkedYAMLError:
    return MarkedYAMLError(problem="an escape that names no character", problem_mark=mark)


def _join_surrogates(event: Any) -> None:
    """JSON writes a character beyond U+FFFF as two escapes; one alone is no character."""
    try:
        event.value = event.value.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        raise _bad_escape(event.start_mark) from None


def _tolerant_reader(text: str) -> Callable[[], Any]:
    """Events of a text that writes `{url: http://x}`: right in YAML 1.2, unknown to the C parser.

    Colons inside plain scalars become a character that the text doesn't have, of the same width,
    and become colons again in the events: no position moves.
    """
    stand_in = next((one for one in map(chr, range(0xE000, 0xF8FF)) if one not in text), None)
    if stand_in is None:
        return _pure_reader(text)
    read = _event_reader(_INNER_COLON.sub(stand_in, text))
    scalar = yaml_events.ScalarEvent

    def restore() -> Any:
        event = read()
        if type(event) is scalar and stand_in in event.value:
            event.value = event.value.replace(stand_in, ":")
        return event

    return restore


class _Builder:
    """`foreign_tags` is None for a spec, which is one document of YAML 1.2."""

    def __init__(self, source: Source, foreign_tags: frozenset[str] | None = None) -> None:
        self.source = source
        self._foreign_tags = foreign_tags
        self.earlier: list[Document] = []
        self.tags: dict[int, str] = {}
        self.findings: list[Diagnostic] = []
        self.document: Document | None = None
        self._anchors: dict[str, tuple[Any, int]] = {}  # name -> value, number of nodes
        self._open: dict[str, int] = {}  # anchored containers being read -> nodes before them
        self._aliased = 0
        self._merges: dict[int, list[tuple[Any, int, int]]] = {}

    def complain(self, code: str, message: str, start: int, end: int, **more: Any) -> None:
        span = clip_span(self.source, start, end)
        self.findings.append(
            Diagnostic(code=code, severity=Severity.ERROR, message=message, span=span, **more)
        )

    def complain_syntax(self, error: MarkedYAMLError) -> None:
        """One syntax error in words that a person who knows no parser understands."""
        mark = error.problem_mark or error.context_mark
        offset = min(mark.index if mark else 0, len(self.source.text))
        problem = str(error.problem or error.context or "unreadable")
        help_text = error.context
        if self.source.text[offset : offset + 1] == "\t":
            problem, help_text = "a tab can't indent YAML", "replace it by spaces"
        elif "undefined alias" in problem:
            help_text = "an alias must come after its anchor"
        problem = _PLAIN_WORDS.get(problem, problem)
        self.complain("PC101", f"YAML syntax: {problem}", offset, offset + 1, help=help_text)

    def run(self, read: Callable[[], Any]) -> None:  # noqa: C901, PLR0912, PLR0915 - the hot loop
        """Build the tree; one loop and no recursion, because this is where the time goes."""
        source, plain_keys = self.source, dict[str, str]()
        offsets, base = list[int](), 0  # of all open containers; the innermost one's from `base` on
        scalar, mapping_start = yaml_events.ScalarEvent, yaml_events.MappingStartEvent
        sequence_start, alias = yaml_events.SequenceStartEvent, yaml_events.AliasEvent
        ends = (yaml_events.MappingEndEvent, yaml_events.SequenceEndEvent)
        stack: list[tuple[Any, bool, Any, int, int, int, str | None, int]] = []
        container: Any = None
        in_mapping = False
        key: Any = _NO_KEY
        key_start = key_end = nodes = 0
        while (event := read()) is not None:
            kind = type(event)
            start = event.start_mark.index
            if kind is scalar:
                value: Any = event.value
                end = event.end_mark.index
                nodes += 1
                if in_mapping and key is _NO_KEY:
                    key = plain_keys.get(value)  # one text for all the keys that are the same
                    if key is None or event.anchor is not None:
                        self._check_key(event, plain_keys)
                        key = value
                    if value in container:
                        self._refuse_duplicate(container, value, start, end, offsets, base)
                    key_start, key_end = start, end
                    continue
                plain, quoted = event.implicit
                if plain:
                    value = resolve_plain(value)
                    if type(value) is float and not isfinite(value):
                        value = self._refuse_infinite(start, end)
                elif not quoted:  # neither was implied: there is a tag
                    value = self._tagged(event)
                if event.anchor is not None:
                    self._anchors[event.anchor] = (value, 1)
            elif kind is mapping_start or kind is sequence_start:
                if in_mapping and key is _NO_KEY:
                    self._refuse_key(event)
                self._check_start(event, len(stack), nodes)
                nodes += 1
                stack.append(
                    (container, in_mapping, key, key_start, key_end, start, event.anchor, base)
                )
                base = len(offsets)
                in_mapping = kind is mapping_start
                container = Mapping() if in_mapping else Sequence()
                key = _NO_KEY
                continue
            elif kind in ends:
                value, end = container, event.end_mark.index
                value.pack(source, offsets[base:])
                del offsets[base:]
                if self._merges and id(value) in self._merges:
                    self._merge(value)
                container, in_mapping, key, key_start, key_end, start, anchor, base = stack.pop()
                if anchor is not None:
                    self._anchors[anchor] = (value, nodes - self._open.pop(anchor))
            elif kind is alias:
                if in_mapping and key is _NO_KEY:
                    self._refuse_key(event)
                end = event.end_mark.index
                value, size = self._resolve_alias(event, len(stack))
                nodes += size
            else:
                self._handle_stream(event, kind)
                continue

            if in_mapping:
                if key == "<<":
                    self._merges.setdefault(id(container), []).append((value, start, end))
                else:
                    container[key] = value
                    offsets += (key_start, key_end, start, end)
                key = _NO_KEY
            elif container is not None:
                container.append(value)
                offsets += (start, end)
            else:
                self.document = Document(value, (source, start, start, start, end, None))

    def _handle_stream(self, event: Any, kind: type[Any]) -> None:
        if kind is not yaml_events.DocumentStartEvent:
            return
        if self._foreign_tags is not None:
            if self.document is not None:
                self.earlier.append(self.document)
            return
        start, end = event.start_mark.index, event.end_mark.index
        if event.version is not None and tuple(event.version) != (1, 2):
            self.complain(
                "PC101",
                "a spec is YAML 1.2",
                start,
                max(end, start + 1),
                help="remove the %YAML directive",
            )
            raise _Stop
        if self.document is not None:
            self.complain(
                "PC101",
                "a second document in one file",
                start,
                max(end, start + 1),
                help="keep one app per file, and fragments under `imports`",
            )
            raise _Stop

    def _check_start(self, event: Any, depth: int, nodes: int) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        if depth >= DEEPEST:
            self.complain("PC108", f"nested deeper than {DEEPEST} levels", start, end)
            raise _Stop
        if event.tag not in {None, "!", _CORE + "map", _CORE + "seq"}:
            self._keep_tag(event)
        if event.anchor is not None:
            self._open[event.anchor] = nodes

    def _check_key(self, event: Any, plain_keys: dict[str, str]) -> None:
        """The first time a key is seen: it has to be a string."""
        text, start, end = event.value, event.start_mark.index, event.end_mark.index
        if event.anchor is not None:
            self._anchors[event.anchor] = (text, 1)
        if event.tag not in {None, "!", _CORE + "str"}:
            self._refuse_tag(event)
        if event.implicit[0] and type(resolve_plain(text)) is not str:
            label = f'quote it: "{text}"'
            self.complain("PC104", "a key must be a string", start, end, label=label)
        elif event.implicit[0]:
            plain_keys[text] = text

    def _refuse_duplicate(
        self, container: Mapping, key: str, start: int, end: int, offsets: list[int], base: int
    ) -> None:
        """The later one stays; `offsets` from `base` on are those of the container."""
        place = base + 4 * list(container).index(key)
        first = Span(self.source, offsets[place], offsets[place + 1])
        related = (Related(message="first set here", span=first),)
        message = f'the key "{key}" stands twice in one mapping'
        self.complain("PC102", message, start, end, label="remove one of them", related=related)
        del container[key], offsets[place : place + 4]

    def _refuse_infinite(self, start: int, end: int) -> int:
        """A number in its stead, so that what follows can go on: all of that writes JSON."""
        self.complain("PC104", "not a number that JSON can say", start, end, label="quote it?")
        return 0

    def _tagged(self, event: Any) -> Any:
        tag = event.tag
        if tag in {"!", _CORE + "str"}:
            return event.value
        types = _SCALAR_TAGS.get(tag.removeprefix(_CORE)) if tag.startswith(_CORE) else None
        if types is None:
            self._keep_tag(event)
            return resolve_plain(event.value)
        value = resolve_plain(event.value)
        start, end = event.start_mark.index, event.end_mark.index
        if type(value) is float and not isfinite(value):
            return self._refuse_infinite(start, end)
        if type(value) not in (types or ()):
            self.complain("PC101", f"the text does not fit its tag {tag}", start, end)
        return value

    def _keep_tag(self, event: Any) -> None:
        if self._foreign_tags is None or event.tag not in self._foreign_tags:
            self._refuse_tag(event)
        self.tags[event.start_mark.index] = event.tag

    def _refuse_tag(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        name = event.tag.replace(_CORE, "!!")
        help_text = "a spec is plain data: remove the tag" if self._foreign_tags is None else None
        self.complain("PC101", f"the tag {name} is not allowed", start, end, help=help_text)
        raise _Stop

    def _refuse_key(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        self.complain("PC104", "a key must be a string, not a list, mapping or alias", start, end)
        raise _Stop

    def _resolve_alias(self, event: Any, depth: int) -> tuple[Any, int]:
        name, start, end = event.anchor, event.start_mark.index, event.end_mark.index
        if name in self._open:
            self.complain("PC101", f"the alias *{name} contains itself", start, end)
            raise _Stop
        if name not in self._anchors:
            help_text = "an alias must come after its anchor"
            self.complain("PC101", f"no anchor is called &{name}", start, end, help=help_text)
            raise _Stop
        value, size = self._anchors[name]
        self._aliased += size
        if self._aliased > MOST_ALIASED:
            message = f"aliases add more than {MOST_ALIASED:,} nodes to what is written"
            self.complain("PC108", message, start, end)
            raise _Stop
        if depth + _height(value) > DEEPEST:
            self.complain("PC108", f"aliases nest deeper than {DEEPEST} levels", start, end)
            raise _Stop
        return value, size

    def _merge(self, target: Mapping) -> None:
        """`<<`: keys of the merged mappings, where the target has none; earlier ones win."""
        for value, start, end in self._merges.pop(id(target)):
            for one in value if isinstance(value, Sequence) else [value]:
                if not isinstance(one, Mapping):
                    self.complain("PC101", "only mappings can be merged with <<", start, end)
                    continue
                for key, place in one.places.items():
                    if key not in target:
                        target.put(key, one[key], place)


def _height(value: Any) -> int:
    """Levels of containers in a value; it has no more nodes than aliases may add."""
    height, level = 0, [value]
    while level := [one for one in level if isinstance(one, Mapping | Sequence)]:
        height += 1
        level = [
            item for one in level for item in (one.values() if isinstance(one, Mapping) else one)
        ]
    return height
