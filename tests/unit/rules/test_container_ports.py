"""Host ports in Compose's short and long form."""

from __future__ import annotations

from typing import Any

import pytest

from penguin_compile.rules.container_ports import HostPort, fill_in, host_ports, overlaps
from penguin_compile.rules.containers import Container

DEFAULTS = {"PORT": "8080"}


def published(entry: Any, **keys: Any) -> list[tuple[str, int, int, str]]:
    container = Container(name="a", pointer=("a",), keys={"ports": [entry], **keys})
    found = host_ports(container, DEFAULTS.get)
    return [(one.ip, one.first, one.last, one.protocol) for one in found]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("3000:80", ("", 3000, 3000, "tcp")),
        ("3000-3002:80-82/udp", ("", 3000, 3002, "udp")),
        ("127.0.0.1:3000:80", ("127.0.0.1", 3000, 3000, "tcp")),
        ("0.0.0.0:3000:80", ("", 3000, 3000, "tcp")),
        ("[::1]:3000:80", ("::1", 3000, 3000, "tcp")),
        ("[::]:3000:80", ("", 3000, 3000, "tcp")),
        ("${PORT}:80", ("", 8080, 8080, "tcp")),
        ("${OTHER:-${MORE:-3000}}:80", ("", 3000, 3000, "tcp")),
        ("1-65535:80", ("", 1, 65_535, "tcp")),
        ({"target": 80, "published": 3000}, ("", 3000, 3000, "tcp")),
        ({"target": 80, "published": "${PORT}"}, ("", 8080, 8080, "tcp")),
        (
            {"target": 53, "published": "53-54", "host_ip": "::1", "protocol": "udp"},
            ("::1", 53, 54, "udp"),
        ),
    ],
)
def test_what_is_published(entry: Any, expected: tuple[str, int, int, str]) -> None:
    assert published(entry) == [expected]


@pytest.mark.parametrize(
    "entry",
    [
        "80",
        80,
        "8000-8010",
        "127.0.0.1::80",
        "${OTHER}:80",
        "70000:80",
        "0:80",
        "9-3:1",
        {"target": 80},
        None,
    ],
)
def test_what_can_not_be_known(entry: Any) -> None:
    assert published(entry) == []


def test_a_container_of_the_host_s_network_publishes_nothing() -> None:
    assert published("3000:80", network_mode="host") == []


def test_overlaps_by_address_range_and_protocol() -> None:
    def port(first: int, last: int, ip: str = "", protocol: str = "tcp") -> HostPort:
        return HostPort(first=first, last=last, ip=ip, protocol=protocol, pointer=())

    assert overlaps(port(80, 90), port(90, 95, "127.0.0.1"))
    assert overlaps(port(80, 80, "127.0.0.1"), port(80, 80, "127.0.0.1"))
    assert not overlaps(port(80, 80, "127.0.0.1"), port(80, 80, "127.0.0.2"))
    assert not overlaps(port(80, 90), port(91, 95))
    assert not overlaps(port(80, 80), port(80, 80, protocol="udp"))


def test_references_that_fill_themselves_end() -> None:
    assert fill_in("$A", {"A": "$A$A"}.get).startswith("$A")
    assert fill_in("${A:?no}", {}.get) == "${A:?no}"


@pytest.mark.parametrize("entry", ["${PORT}:80", {"published": "${PORT:-1}", "target": 80}])
def test_what_a_deployment_sets_goes_before_every_default(entry: Any) -> None:
    container = Container(name="a", pointer=("a",), keys={"ports": [entry]})
    (port,) = host_ports(container, DEFAULTS.get, {"PORT": "9090"}.get)
    assert (port.first, port.pointer) == (9090, ("a", "ports", 0))
