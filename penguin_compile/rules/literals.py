"""Every literal that a spec holds as a value; the rules about secrets judge them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from penguin_compile.core.pointer import Pointer
from penguin_compile.model.app import App
from penguin_compile.model.service import FromVariable, Literal, Template
from penguin_compile.model.setting import JsonValue, SettingType
from penguin_compile.rules.container_text import REPLACED, read_text
from penguin_compile.rules.containers import container_texts
from penguin_compile.rules.recollection import remember
from penguin_compile.rules.secrets import (
    SHORTEST_MARKED,
    has_mark,
    may_say_secret,
    present_marks,
    says_secret,
)


class HeldText(NamedTuple):
    """A literal and the name of what holds it; empty where it is part of some other text.

    A NUL stands where the text refers to a variable. `choice` marks one of declared values.
    """

    name: str
    text: str
    pointer: Pointer
    choice: bool = False


@remember
def literals(app: App) -> list[HeldText]:
    """Of settings, variables, environments of containers, templates, Compose text and URLs.

    Defaults of sensitive keys and variables are left out: PC401 tells them. Compose text that is
    no variable's value is here only where it may hold a credential.
    """
    return [
        *_of_settings(app),
        *_of_variables(app),
        *_of_services(app),
        *_of_containers(app),
        *_of_urls(app),
    ]


@remember
def marked_literals(app: App) -> list[HeldText]:
    """Those that may hold a credential or a published default, whatever their names."""
    marks = present_marks(one.text for one in literals(app))
    return [one for one in literals(app) if has_mark(one.text, marks)] if marks else []


@remember
def guarded_literals(app: App) -> list[HeldText]:
    """Those whose names may say that they are secrets."""
    return [one for one in literals(app) if may_say_secret(one.name)]


def _of_settings(app: App) -> Iterator[HeldText]:
    for key, setting in app.settings.items():
        if setting.sensitive:
            continue
        default = setting.default
        if isinstance(default, str) and default:
            variable = setting.variable
            renamed = variable.lower() != key.replace(".", "_")
            name = variable if renamed and says_secret(variable) else key
            choice = setting.check is not None and setting.check.enum is not None
            yield HeldText(name, default, ("config", key, "default"), choice)
        elif setting.type is SettingType.JSON and isinstance(default, dict | list):
            yield from _inside(key, default, ("config", key, "default"))


def _inside(name: str, value: JsonValue, pointer: Pointer) -> Iterator[HeldText]:
    """The texts of a JSON value; those of a list go by the list's name."""
    if isinstance(value, str):
        yield HeldText(name, value, pointer)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _inside(key, item, (*pointer, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _inside(name, item, (*pointer, index))


def _of_variables(app: App) -> Iterator[HeldText]:
    for name, variable in app.variables.items():
        if variable.default and not variable.sensitive and variable.type == "string":
            yield HeldText(name, variable.default, ("variables", name, "default"))


def _of_services(app: App) -> Iterator[HeldText]:
    for service, one in app.services.items():
        for name, value in one.environment.items():
            pointer: Pointer = ("services", service, "environment", name)
            if isinstance(value, Literal):
                if _matters(name, value.text):
                    yield HeldText(name, value.text, pointer)
            elif isinstance(value, Template):
                yield from _interpolated(name, value.text, (*pointer, "template"))
    for service, name, value in own_defaults(app):
        variable = app.variables[value.name]
        if value.default and not variable.sensitive and variable.type == "string":
            pointer = ("services", service, "environment", name, "default")
            yield HeldText(name, value.default, pointer)


@remember
def own_defaults(app: App) -> list[tuple[str, str, FromVariable]]:
    """Service, name and value of each variable that has a default of its own in a container."""
    return [
        (service.name, name, value)
        for service in app.services.values()
        for name, value in service.environment.items()
        if isinstance(value, FromVariable)
        and value.default is not None
        and value.name in app.variables
    ]


def _of_containers(app: App) -> Iterator[HeldText]:
    texts = container_texts(app)
    for pointer, text, name in (*texts.variables, *texts.referring):
        yield from _interpolated(name, text, pointer)
    marks = present_marks(text for _, _, text in texts.plain)
    if marks:
        for parent, key, text in texts.plain:
            if has_mark(text, marks):
                yield HeldText("", text, (*parent, key))


def _interpolated(name: str, text: str, pointer: Pointer) -> Iterator[HeldText]:
    if "$" not in text:
        if _matters(name, text):
            yield HeldText(name, text, pointer)
        return
    read = read_text(text)
    # a text that is one reference holds its default in the name of the variable that it fills
    holder = name if read.plain == REPLACED and says_secret(name) else ""
    whole = name if REPLACED not in read.plain else ""
    if _matters(whole, read.plain):
        yield HeldText(whole, read.plain, pointer)
    for reference in dict.fromkeys(read.references):
        if reference.default:
            yield HeldText(holder or reference.name, reference.default, pointer)


def _of_urls(app: App) -> Iterator[HeldText]:
    """Addresses that could hold a password in plain text."""
    environment = ("environments", app.environment.name)
    yield from _url(app.environment.database, (*environment, "database", "url"))
    yield from _url(app.environment.state, (*environment, "state", "url"))
    if app.environment.gateway is not None:
        yield from _url(app.environment.gateway.url, (*environment, "marchproxy", "url"))
    if app.license is not None:
        yield from _url(app.license.server_url, ("license", "server_url"))
    if app.waddleai is not None:
        yield from _url(app.waddleai.url, ("integrations", "waddleai", "url"))
    if app.telemetry is not None and app.telemetry.killkrill is not None:
        for name in ("api_url", "grpc_url"):
            url = getattr(app.telemetry.killkrill, name)
            yield from _url(url, ("telemetry", "killkrill", name))


def _matters(name: str, text: str) -> bool:
    """Whether any rule could say anything of a text of that length under that name."""
    return len(text) >= SHORTEST_MARKED or (text != "" and may_say_secret(name))


def _url(value: object, pointer: Pointer) -> Iterator[HeldText]:
    if isinstance(value, str):
        yield HeldText("", value, pointer)
