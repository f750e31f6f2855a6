"""The containers of an app, and the strings in their Compose text; shared by several rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from penguin_compile.core.pointer import Pointer
from penguin_compile.core.records import dataclass
from penguin_compile.model.app import App
from penguin_compile.model.setting import value_text
from penguin_compile.rules.allowance import ALLOW
from penguin_compile.rules.recollection import remember
from penguin_compile.rules.secrets import SHORTEST_MARKED

WADDLEAI = "waddleai"  # the Compose service of integrations.waddleai


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One Compose service: its name, the keys that the spec gives it, and where."""

    name: str
    pointer: Pointer
    keys: Mapping[str, Any]


class ContainerText(NamedTuple):
    """A string of Compose text; `name` is the variable's where it is the value of one."""

    pointer: Pointer
    text: str
    name: str = ""


@remember
def containers(app: App) -> list[Container]:
    """Those of services, and WaddleAI's own."""
    return list(_containers(app))


def _containers(app: App) -> Iterator[Container]:
    for name, service in app.services.items():
        if service.container is not None:
            pointer = ("services", name, "container")
            yield Container(name=name, pointer=pointer, keys=service.container)
    if app.waddleai is not None and app.waddleai.container is not None:
        pointer = ("integrations", "waddleai", "container")
        yield Container(name=WADDLEAI, pointer=pointer, keys=app.waddleai.container)


def environment_entries(container: Container) -> Iterator[ContainerText]:
    """Variables that stand in the Compose text itself, in either of Compose's two forms."""
    stated = container.keys.get("environment")
    pointer = (*container.pointer, "environment")
    if isinstance(stated, dict):
        for name, value in stated.items():
            if name != ALLOW and isinstance(value, str | int | float):
                yield ContainerText((*pointer, name), value_text(value), name)
    elif isinstance(stated, list):
        for index, item in enumerate(stated):
            if isinstance(item, str):
                name, _, value = item.partition("=")
                yield ContainerText((*pointer, index), value, name)


# a string without a dollar sign: its pointer is `(*parent, key)`
PlainText: TypeAlias = tuple[Pointer, str | int, str]


class ContainerTexts(NamedTuple):
    """The strings of Compose text, by what there is to say of them; short plain ones left out."""

    variables: list[ContainerText]
    referring: list[ContainerText]
    plain: list[PlainText]

    def interpolated(self) -> Iterator[ContainerText]:
        """Those that Compose interpolates, be it the value of a variable or any other text."""
        yield from (one for one in self.variables if "$" in one.text)
        yield from self.referring


@remember
def container_texts(app: App) -> ContainerTexts:
    """All strings under `container` and `compose`."""
    found = ContainerTexts([], [], [])
    for container in containers(app):
        found.variables.extend(environment_entries(container))
        for key, value in container.keys.items():
            if key != "environment":
                _collect(value, container.pointer, key, found)
    for key, value in app.compose.items():
        _collect(value, ("compose",), key, found)
    return found


def _collect(value: Any, parent: Pointer, key: str | int, found: ContainerTexts) -> None:
    if isinstance(value, str):
        if "$" in value:
            found.referring.append(ContainerText((*parent, key), value))
        elif len(value) >= SHORTEST_MARKED:
            found.plain.append((parent, key, value))
    elif isinstance(value, dict) and key != ALLOW:
        pointer = (*parent, key)
        for name, item in value.items():
            _collect(item, pointer, name, found)
    elif isinstance(value, list):
        pointer = (*parent, key)
        for index, item in enumerate(value):
            _collect(item, pointer, index, found)
