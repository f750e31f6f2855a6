"""What today's files say of each variable: who uses it, how, and with which values (`init`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from penguin_compile.core.span import Span
from penguin_compile.intake.compose_merge import pairs
from penguin_compile.intake.env_file import EnvEntry
from penguin_compile.intake.interpolation import (
    BadInterpolation,
    Part,
    Reference,
    Resolved,
    parse,
    raw_text,
    references,
)
from penguin_compile.intake.normal_form import go_text
from penguin_compile.intake.project import ComposeProject
from penguin_compile.source.tree import Mapping as Tree
from penguin_compile.source.tree import Place
from penguin_compile.source.tree import Sequence as TreeList

Path: TypeAlias = tuple[str | int, ...]

VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_INFRASTRUCTURE = re.compile(
    r"(?:^|[/-])(?:postgres(?:ql)?|mysql|mariadb|percona|mongo(?:db)?|redis|valkey|keydb|memcached"
    r"|minio|nginx|traefik|haproxy|caddy|envoy|prometheus|grafana|alertmanager|node-exporter"
    r"|cadvisor|elasticsearch|opensearch|logstash|kibana|elastalert2?|rabbitmq|kafka|zookeeper"
    r"|nats|adminer|pgadmin4?|phpmyadmin|jaeger|loki|promtail|vault|consul|etcd|mailhog|mailpit"
    r"|registry|cassandra|clickhouse|influxdb|keycloak|localstack|pgbouncer|busybox|alpine)"
    r"(?:[:@-]|\Z)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One reference to a variable. `holder` is the container's variable that it fills.

    `service` is None at the top of a Compose file; `whole` says that nothing stands beside it.
    """

    service: str | None
    path: Path
    reference: Reference
    holder: str | None
    whole: bool
    nested: bool
    place: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A container's variable that refers to no other."""

    service: str
    name: str
    value: str
    place: Span


@dataclass(slots=True, kw_only=True)
class Evidence:
    """All that is known of one variable; `given` are services that an env file gives it to."""

    name: str
    uses: list[Use] = field(default_factory=list)
    literals: list[Literal] = field(default_factory=list)
    entries: list[EnvEntry] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)

    @property
    def services(self) -> list[str]:
        """Those that get it, in order."""
        used = [one.service for one in self.uses if one.service is not None]
        return list(dict.fromkeys([*used, *self.given, *self.passed]))

    @property
    def active(self) -> list[EnvEntry]:
        """Entries of env files that set it."""
        return [one for one in self.entries if not one.commented_out]

    @property
    def set_value(self) -> str | None:
        """What the env files set it to; the last one counts."""
        values = [one.value for one in self.active if one.value is not None]
        return values[-1] if values else None

    @property
    def defaults(self) -> list[str]:
        """The plain texts that references fall back to, each once, the most frequent first."""
        every = [one.reference.default for one in self.uses]
        known = [one for one in every if one is not None]
        return sorted(dict.fromkeys(known), key=lambda one: -known.count(one))

    @property
    def values(self) -> list[str]:
        """Every value that is known of it."""
        set_to = [one.value for one in self.entries if one.value is not None]
        return [*self.defaults, *set_to, *(one.value for one in self.literals)]


def collect(project: ComposeProject) -> dict[str, Evidence]:
    """Of every variable of the project: those of its env files first, in their order."""
    found = _Found()
    for env_file in project.env_files:
        for entry in env_file.entries:
            found[entry.name].entries.append(entry)
    _add_given(project, found)
    for use in _uses(project):
        found[use.reference.name].uses.append(use)
    for service, name, value, place in container_variables(project):
        if value is None:
            found[name].passed.append(service)
        elif all(isinstance(one, str) for one in _parts(value)):
            literal = Literal(service=service, name=name, value=go_text(value), place=_span(place))
            found[name].literals.append(literal)
    return found


class _Found(dict[str, Evidence]):
    """Evidence by name, made when it is first asked for."""

    def __missing__(self, name: str) -> Evidence:
        self[name] = Evidence(name=name)
        return self[name]


def _add_given(project: ComposeProject, found: _Found) -> None:
    """What `env_file` gives to services; files that several have are read once."""
    known = {one.source.path for one in project.env_files}
    for service, files in project.given.items():
        for env_file in files:
            for entry in env_file.entries:
                if env_file.source.path not in known:
                    found[entry.name].entries.append(entry)
                if not entry.commented_out:
                    found[entry.name].given.append(service)
            known.add(env_file.source.path)


def container_variables(project: ComposeProject) -> Iterator[tuple[str, str, Any, Place]]:
    """Service, name, value and place of every entry of `environment`."""
    for service, keys in project.services.items():
        stated = keys.get("environment") if isinstance(keys, Tree) else None
        named = pairs(stated)
        for name, value in named.items():
            yield service, name, value, named.places[name]


def is_infrastructure(service: Mapping[str, Any]) -> bool:
    """Whether a container runs a program that somebody else wrote, by its image."""
    if service.get("build") is not None:
        return False
    return _INFRASTRUCTURE.search(str(service.get("image") or "").lower()) is not None


def _uses(project: ComposeProject) -> Iterator[Use]:
    for service, name, value, place in container_variables(project):
        yield from _uses_of(value, service, ("environment", name), name, place)
    for service, keys in project.services.items():
        if not isinstance(keys, Tree):
            continue
        for key, value in keys.items():
            if key != "environment":
                yield from _walk(value, service, (key,), keys.places[key])
    if project.stated_name is not None and project.services:
        place = next(iter(project.services.places.values()))
        stated = Resolved(project.stated_name, project.stated_name)
        yield from _uses_of(stated, None, ("name",), None, place)
    for key, value in project.top.items():
        yield from _walk(value, None, (key,), project.top.places[key])


def _walk(value: Any, service: str | None, path: Path, place: Place) -> Iterator[Use]:
    if isinstance(value, Tree):
        for key, item in value.items():
            yield from _walk(item, service, (*path, key), value.places[key])
    elif isinstance(value, TreeList):
        for index, item in enumerate(value):
            yield from _walk(item, service, (*path, index), value.places[index])
    else:
        yield from _uses_of(value, service, path, None, place)


def _uses_of(
    value: Any, service: str | None, path: Path, holder: str | None, place: Place
) -> Iterator[Use]:
    parts = _parts(value)
    for reference in references(parts):
        yield Use(
            service=service,
            path=path,
            reference=reference,
            holder=holder,
            whole=len(parts) == 1 and parts[0] is reference,
            nested=reference not in parts,
            place=_span(place),
        )


def _parts(value: Any) -> tuple[Part, ...]:
    if not isinstance(value, str):
        return ()
    try:
        return parse(raw_text(value))
    except BadInterpolation:
        return ()


def _span(place: Place) -> Span:
    return Span(place[0], place[3], place[4])
