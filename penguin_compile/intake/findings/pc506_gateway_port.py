"""PC506: an import file of the gateway that sends to a service or port that Compose hasn't."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from penguin_compile.core.diagnostic import Severity
from penguin_compile.core.span import Span
from penguin_compile.core.suggestion import list_names, suggest
from penguin_compile.intake.findings.evidence import ComposeService, Evidence, GatewayRow
from penguin_compile.intake.findings.finding import Finding, Sight
from penguin_compile.rules.container_ports import fill_in

_CONTAINER_PORT = re.compile(
    r"(?:.*:)?(?P<first>[0-9]{1,5})(?:-(?P<last>[0-9]{1,5}))?(?:/[a-z]+)?\Z"
)
_PORT_NAME = re.compile(r"(?:[A-Z0-9]+_)*PORT\Z")
_NETWORK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z")  # no dot: a name of Compose's network
_MOST_OF_A_RANGE = 1_000


@dataclass(slots=True)
class _Upstream:
    """What answers to a name of Compose's network, and the ports that it is known to listen on."""

    place: Span
    ports: set[int] = field(default_factory=set)


def look(evidence: Evidence) -> Iterator[Sight]:
    """Where Compose tells ports of the service that the gateway names, and none is the one."""
    if not evidence.services:
        return
    upstreams = _upstreams(evidence)
    told: set[tuple[object, object, object]] = set()
    for row in evidence.gateway_rows:
        key = (row.keys.get("name"), row.keys.get("ip_fqdn"), row.keys.get("port"))
        if row.kind == "services" and key not in told:
            told.add(key)  # services.json and import-config.json say the same
            yield from _judge(row, upstreams)


def _judge(row: GatewayRow, upstreams: Mapping[str, _Upstream]) -> Iterator[Sight]:
    host, port, name = row.keys.get("ip_fqdn"), row.keys.get("port"), row.keys.get("name")
    if not isinstance(host, str) or not isinstance(port, int):
        return
    known = upstreams.get(host)
    if known is not None and known.ports and port not in known.ports:
        listed = ", ".join(map(str, sorted(known.ports)[:5]))
        yield Sight(
            message=f"the gateway's {name} sends to {host}:{port}, and {host} listens on {listed}"
            " in Compose",
            span=row.span("port"),
            related=((f"service {host}", known.place),),
            help="correct the one that is wrong; nobody answers on a port that nothing listens on",
        )
    elif known is None and _NETWORK_NAME.match(host) and host != "localhost":
        near = suggest(host, upstreams)
        yield Sight(
            message=f"the gateway's {name} sends to {host}, and no Compose service is called so",
            span=row.span("ip_fqdn"),
            label=None if near is None else f'did you mean "{near}"?',
            help=f"services: {list_names(upstreams)}",
        )


def _upstreams(evidence: Evidence) -> dict[str, _Upstream]:
    """By every name that Compose's network has for them; several files add to each other."""
    found: dict[str, _Upstream] = {}
    for service in evidence.services:
        ports = _ports(service, evidence)
        for name in _names(service):
            found.setdefault(name, _Upstream(service.key_span)).ports |= ports
    return found


def _names(service: ComposeService) -> Iterator[str]:
    yield service.name
    for key in ("container_name", "hostname"):
        name = service.keys.get(key)
        if isinstance(name, str):
            yield name
    networks = service.keys.get("networks")
    for one in networks.values() if isinstance(networks, dict) else ():
        aliases = one.get("aliases") if isinstance(one, dict) else None
        yield from map(str, aliases if isinstance(aliases, list) else ())


def _ports(service: ComposeService, evidence: Evidence) -> set[int]:
    """What it publishes and exposes, and the numbers of variables that are called a port."""
    found: set[int] = set()
    for key in ("ports", "expose"):
        stated = service.keys.get(key)
        for one in stated if isinstance(stated, list) else ():
            target = one.get("target") if isinstance(one, dict) else one
            found |= _numbers(fill_in(str(target), lambda _: None, evidence.value_of))
    if found:  # what it listens on beside them stands in such variables at best
        for variable in service.variables():
            text = fill_in(variable.text or "", lambda _: None, evidence.value_of)
            if _PORT_NAME.match(variable.name) and text.isdecimal() and _is_own(variable.name):
                found.add(int(text))
    return found


def _is_own(name: str) -> bool:
    """Whether it is the container's own port, and not that of what it connects to."""
    return name in {"PORT", "HTTP_PORT", "GRPC_PORT", "APP_PORT", "SERVER_PORT", "LISTEN_PORT"}


def _numbers(text: str) -> set[int]:
    match = _CONTAINER_PORT.match(text)
    if match is None:
        return set()
    first, last = int(match["first"]), int(match["last"] or match["first"])
    return set(range(first, min(last, first + _MOST_OF_A_RANGE) + 1))


FINDING = Finding(
    code="PC506",
    severity=Severity.WARNING,
    title="gateway upstream that matches no service",
    why="The gateway is given an address at which nothing answers, and every request through it "
    "fails.",
    source="real apps: config/marchproxy of the template, whose ports match no service of theirs",
    look=look,
)
