"""From an app's Compose model and its placements to the draft of a spec (`init`).

A container keeps every key of Compose; its variables become entries of `environment`, where the
language can say what they say, and stay Compose's own text where it can't.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from penguin_compile.core.span import Span
from penguin_compile.intake.compose_merge import pairs
from penguin_compile.intake.concealment import Concealer
from penguin_compile.intake.declaration import declare
from penguin_compile.intake.draft import Data, Draft, DraftService
from penguin_compile.intake.evidence import VARIABLE_NAME, Evidence, is_infrastructure
from penguin_compile.intake.gateway_guess import guess_gateway
from penguin_compile.intake.interpolation import (
    BadInterpolation,
    Part,
    Reference,
    parse,
    raw_text,
    write,
)
from penguin_compile.intake.meaning import Intention
from penguin_compile.intake.normal_form import go_text
from penguin_compile.intake.placement import Kind, Placement
from penguin_compile.intake.project import ComposeProject
from penguin_compile.intake.secrecy import Secrets, is_secret
from penguin_compile.intake.simplification import Simplifier, main_operator
from penguin_compile.intake.source_paths import SourcePaths
from penguin_compile.source.tree import Mapping as Tree
from penguin_compile.source.tree import Place

_NAMED_VALUES = frozenset(
    ("annotations", "args", "driver_opts", "labels", "options", "sysctls", "environment")
)
_WORDS = frozenset(("command", "entrypoint", "test"))
_PLAIN_INTEGER = re.compile(r"(?:0|-?[1-9][0-9]{0,17})\Z")
_MOST_COMMENTS = 4


class Drafter:
    """One draft while it is made. `prefix` leads from the repository to the project's folder."""

    def __init__(
        self,
        project: ComposeProject,
        evidence: Mapping[str, Evidence],
        placements: Mapping[str, Placement],
        secrets: Secrets,
        draft: Draft,
        prefix: str,
    ) -> None:
        self._project = project
        self._evidence = evidence
        self._placements = placements
        self._secrets = secrets
        self._draft = draft
        self._paths = SourcePaths(prefix)
        self._moves = prefix not in {"", "."}
        self._operator = main_operator(evidence)
        self._simplifier = Simplifier(
            placements, draft.variables, self._operator, moves=self._moves
        )
        self._concealer = Concealer(draft, placements, secrets, project.environment)

    def run(self) -> None:
        """Fill the draft."""
        draft = self._draft
        if self._operator == ":-":
            draft.outputs["compose"] = {"empty": "default"}
        self._register_secrets()
        for name, service in self._project.services.items():
            draft.services[name] = self._service(name, service)
        self._top()
        for name in self._declared():
            placed = self._placements[name]
            entry = declare(placed, self._secrets)
            section = draft.settings if placed.kind is Kind.SETTING else draft.variables
            section[entry.name] = entry

    def _register_secrets(self) -> None:
        """Every value that is a secret, before any text is written."""
        public = {self._draft.name, self._project.name, *self._project.services}
        for kind in ("networks", "volumes"):
            public.update(self._project.top.get(kind) or {})
        for name, one in self._evidence.items():
            placed = self._placements.get(name)
            if placed is not None and placed.sensitive:
                for value in one.values:
                    self._secrets.add(value, name)
                self._bring_dropped(placed, one)
            else:
                public.update(one.defaults)
                public.update(e.value for e in one.entries if e.value)
                public.update(
                    each.value for each in one.literals if not is_secret(name, [each.value])
                )
        self._secrets.set_public(public)
        for one in self._evidence.values():
            for literal in one.literals:
                if is_secret(one.name, [literal.value]):
                    self._secrets.add(literal.value, one.name)
        self._concealer.prepare()

    def _bring_dropped(self, placed: Placement, one: Evidence) -> None:
        if placed.dropped is None:
            return
        use = next(each for each in one.uses if each.reference.default == placed.dropped)
        reason = "its default stood in the Compose file"
        self._concealer.bring(placed.name, placed.dropped, reason, use.place)
        if self._project.environment.get(placed.name):
            return
        for each in one.uses:
            default = each.reference.default
            if each.service is not None and (default or "") != placed.dropped:
                self._draft.intentions.append(
                    Intention(
                        path=("services", each.service, str(each.path[0])),
                        reason=f"{placed.name} had another default here than elsewhere; a secret"
                        " has none any more, and one value everywhere",
                    )
                )

    def _service(self, name: str, service: Any) -> DraftService:
        keys: Mapping[str, Any] = service if isinstance(service, Mapping) else {}
        place = self._project.services.places[name]
        drafted = DraftService(
            name=name,
            gateway=guess_gateway(keys, own=not is_infrastructure(keys)),
            container={},
            comments=self._comments(place),
            place=Span(place[0], place[1], place[2]),
        )
        container: Data = {}
        for key, value in keys.items():
            if key == "environment":
                rest = self._environment(name, value, drafted)
                if rest:
                    container["environment"] = rest
            else:
                where = keys.places[key] if isinstance(keys, Tree) else place
                container[key] = self._tree(value, key, name, where)
        if self._moves:
            self._paths.rewrite_service(container)
        drafted.container = container
        return drafted

    def _environment(self, service: str, value: Any, drafted: DraftService) -> Data:
        """Sorts variables into the language's own; returns those that stay Compose's text."""
        rest: Data = {}
        named = pairs(value)
        for name, item in named.items():
            place = _span(named.places[name])
            done = None if item is None else self._variable(service, name, item, place)
            if done is not None and VARIABLE_NAME.match(name):
                drafted.environment[name] = done
            elif item is None:
                rest[name] = None
            else:
                rest[name] = self._text_of(item, name, service, place)
        return rest

    def _variable(self, service: str, name: str, item: Any, place: Span) -> Any:
        """The language's value of a container's variable; None where it has none."""
        parts = parse(raw_text(go_text(item) if not isinstance(item, str) else item))
        if all(isinstance(one, str) for one in parts):
            return self._literal(service, name, "".join(map(str, parts)), place)
        if len(parts) == 1 and isinstance(parts[0], Reference):
            return self._simplifier.whole(parts[0])
        if any(not isinstance(one, str) and one.operator.endswith("+") for one in parts):
            return None
        concealed = self._concealer.text(parts, name, service, place)
        simple = self._simplifier.all(concealed)
        if any(isinstance(one, Reference) and one.operator for one in simple):
            return None
        return {"template": write(simple)}

    def _literal(self, service: str, name: str, text: str, place: Span) -> Any:
        if is_secret(name, [text]) and text:
            carrier = self._concealer.carrier(name, text, service, place)
            alone = len(self._evidence[name].literals) == 1 if name in self._evidence else True
            if carrier == name and alone and name not in self._declared():
                self._draft.variables.pop(name, None)
                return {"secret": f"env:{name}"}
            return {"variable": carrier}
        concealed = self._concealer.text((text,) if text else (), name, service, place)
        if any(isinstance(one, Reference) for one in concealed):
            return {"template": write(concealed)}
        if _PLAIN_INTEGER.match(text):
            return int(text)
        return {"true": True, "false": False}.get(text, text)

    def _declared(self) -> list[str]:
        """Variables that the spec declares: what stands in containers as a literal is none."""
        return [
            name
            for name, placed in self._placements.items()
            if placed.kind is not Kind.TOOL
            and (one := self._evidence[name])
            and (one.uses or one.entries or one.passed)
        ]

    def _tree(self, value: Any, key: str, service: str | None, place: Place) -> Any:
        """Compose's own text for the spec, secrets replaced and defaults in one place."""
        if isinstance(value, Tree):
            return {
                name: self._named(item, name, key, service, value.places[name])
                for name, item in value.items()
            }
        if isinstance(value, list):
            if key in _WORDS and all(isinstance(one, str) for one in value):
                words = [parse(raw_text(one)) for one in value]
                concealed = self._concealer.words(words, service or key, service, _span(place))
                return [self._written(one) for one in concealed]
            places = getattr(value, "places", [place] * len(value))
            return [
                self._tree(item, key, service, where)
                for item, where in zip(value, places, strict=True)
            ]
        return self._text_of(value, service or key, service, _span(place))

    def _named(self, item: Any, name: str, holder: str, service: str | None, place: Place) -> Any:
        if isinstance(item, str) and (holder in _NAMED_VALUES or name.startswith("x-")):
            parts = self._parts(item)
            return self._written(self._concealer.value(name, parts, service, _span(place)))
        return self._tree(item, name, service, place)

    def _text_of(self, value: Any, hint: str, service: str | None, place: Span) -> Any:
        if not isinstance(value, str):
            return value
        if VARIABLE_NAME.match(hint) is None or hint == service:
            parts = self._concealer.text(self._parts(value), hint, service, place)
        else:
            parts = self._concealer.value(hint, self._parts(value), service, place)
        return self._written(parts)

    def _parts(self, value: str) -> tuple[Part, ...]:
        try:
            return parse(raw_text(value))
        except BadInterpolation:
            return (value,)

    def _written(self, parts: tuple[Part, ...]) -> str:
        return write(self._simplifier.all(parts))

    def _top(self) -> None:
        top: Data = {}
        for key, item in self._project.top.items():
            place = self._project.top.places[key]
            if key.startswith("x-"):
                reason = "Compose ignores it; what its anchors lend stands where it is used"
                self._draft.intentions.append(Intention(path=(key,), reason=reason))
                continue
            if isinstance(item, Tree):
                top[key] = {
                    name: self._tree(one, name, name, item.places[name])
                    for name, one in item.items()
                }
            else:
                top[key] = self._tree(item, key, None, place)
        for name, volume in (top.get("volumes") or {}).items():
            device = (volume or {}).get("driver_opts", {}).get("device")
            if isinstance(device, str) and device.startswith("."):
                reason = "a relative path, written from the folder of the compiled file"
                path = ("volumes", name, "driver_opts", "device")
                self._draft.intentions.append(Intention(path=path, reason=reason))
        if self._moves:
            self._paths.rewrite_top(top)
        stated = self._project.stated_name
        if stated is not None and "$" in stated:
            top = {"name": self._written(parse(stated)), **top}
        elif self._project.own_name != self._draft.name:
            top = {"name": self._project.own_name, **top}
        self._draft.compose = top

    def _comments(self, place: Place) -> list[str]:
        """The comment lines directly above a key."""
        source, start = place[0], place[1]
        line = source.position(start)[0]
        found: list[str] = []
        while line > 1 and len(found) < _MOST_COMMENTS:
            line -= 1
            text = source.line_text(line).strip()
            if not text.startswith("#"):
                break
            words = text.lstrip("#").strip()
            if words and not re.fullmatch(r"[-=*#~_]{3,}.*", words):
                found.insert(0, self._secrets.redact(words))
        return found


def _span(place: Place) -> Span:
    return Span(place[0], place[3], place[4])
