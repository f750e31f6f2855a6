"""PC201: both ends of a route are names that the gateway knows."""

from __future__ import annotations

import pytest

from penguin_compile.rules import RULES
from tests.models import read_app

SPEC = """
penguin: 1
app: {name: app}
services: {api: {port: 80}, worker: {gateway: false}}
routes: {one: {from: [FROM], to: [TO], listen: {port: 443}}}
"""


@pytest.mark.parametrize(
    ("source", "target", "place", "message"),
    [
        ("external", "worker", "to", 'route "one" sends to a service that the gateway does not'),
        ("worker", "api", "from", 'route "one" comes from a service that the gateway does not'),
        ("app/worker", "api", "from", 'route "one" comes from a service that the gateway does'),
        ("external", "wroker", "to", 'route "one" sends to a service that does not exist'),
        ("wroker", "api", "from", 'route "one" comes from a service that does not exist'),
        ("external", "other/api", "to", 'route "one" sends to a service that does not exist'),
    ],
)
def test_an_end_that_the_gateway_does_not_know_is_told(source, target, place, message):
    app = read_app(SPEC.replace("FROM", source).replace("TO", target))
    (finding,) = RULES.load("PC201").check(app)
    assert finding.pointer == ("routes", "one", place, 0)
    assert finding.message.startswith(message)


@pytest.mark.parametrize("source", ["external", "api", "app/api", "other/api"])
def test_ends_that_it_knows_are_fine(source):
    app = read_app(SPEC.replace("FROM", source).replace("TO", "api"))
    assert list(RULES.load("PC201").check(app)) == []
