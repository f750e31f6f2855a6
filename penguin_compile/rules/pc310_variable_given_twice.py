"""PC310: a variable in `environment` that a config key already provides."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from penguin_compile.core.diagnostic import Severity
from penguin_compile.core.pointer import Pointer
from penguin_compile.model.app import App
from penguin_compile.model.service import FromSetting, Literal, Service
from penguin_compile.model.setting import Setting
from penguin_compile.rules.containers import Container, environment_entries
from penguin_compile.rules.rule import Finding, Rule


def check(app: App) -> Iterator[Finding]:
    """Where the service is given the key, or writes a literal under its variable's name."""
    providers: dict[str, Setting] = {}
    for one in app.settings.values():
        providers.setdefault(one.variable, one)
    if not providers:
        return
    for service in app.services.values():
        for name, value in service.environment.items():
            setting = providers.get(name)
            if setting is None or value == FromSetting(setting.key):
                continue
            if isinstance(value, Literal) or _is_given(service, setting):
                yield _finding(service, setting, ("services", service.name, "environment", name))
        for name, pointer in _compose_names(service):
            if name in providers and _is_given(service, providers[name]):
                yield _finding(service, providers[name], pointer)


def _compose_names(service: Service) -> Iterator[tuple[str, Pointer]]:
    if service.container is not None and "environment" in service.container:
        pointer = ("services", service.name, "container")
        container = Container(name=service.name, pointer=pointer, keys=service.container)
        yield from ((one.name, one.pointer) for one in environment_entries(container))


def _is_given(service: Service, setting: Setting) -> bool:
    if setting.key in service.config_globs:
        return True
    matched = any(fnmatchcase(setting.key, glob) for glob in service.config_globs)
    return matched and (service.all_secrets or not setting.sensitive)


def _finding(service: Service, setting: Setting, pointer: Pointer) -> Finding:
    given = _is_given(service, setting)
    return Finding(
        pointer=pointer,
        message=f'"{setting.variable}" of service "{service.name}" is the variable of config key'
        f' "{setting.key}"' + (", which it is given already" if given else ""),
        label="remove it" if given else f"write {{config: {setting.key}}}",
        at_key=isinstance(pointer[-1], str),
        related=((f'config key "{setting.key}"', ("config", setting.key)),),
    )


RULE = Rule(
    code="PC310",
    severity=Severity.WARNING,
    title="variable that a config key already provides",
    why="The service's own value hides the setting: what an admin changes never arrives there.",
    source="integration-standards, Configuration Hierarchy: one source, the database, after setup",
    check=check,
)
