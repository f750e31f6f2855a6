"""The parts of the bench: each a module with `measure(scale, folder)`, and a row here.

A part runs in a process of its own and yields measurements as it has them, so that one that fails
leaves the others' results, and its own so far, in the table.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """`limit`: seconds after which it is ended."""

    name: str
    module: str
    title: str
    limit: int = 600


PARTS = (
    Part("commands", "bench.commands", "whole commands, a spec of 300 lines, processor seconds"),
    Part("init", "bench.init", "init: an app with Compose and env files taken over"),
    Part("objects", "bench.objects", "one large spec", limit=900),
    Part("databases", "bench.databases", "the config table on real databases"),
    Part("gateway", "bench.gateway", "MarchProxy over loopback"),
    Part("runtime", "bench.runtime", "settings in a running app"),
    Part("console", "bench.console", "the console's list page"),
    Part("telemetry", "bench.telemetry", "a log call in a running app"),
    Part("fleet", "bench.fleet", "fleets", limit=900),
    Part("growth", "bench.growth", "cost in proportion", limit=900),
    Part("peer-jinja", "bench.peers.jinja", "peer: plain Jinja2 and PyYAML"),
    Part("peer-kapitan", "bench.peers.kapitan", "peer: kapitan"),
    Part("peer-kcl", "bench.peers.kcl", "peer: KCL"),
    Part("peer-jsonnet", "bench.peers.jsonnet", "peer: rjsonnet"),
    Part("peer-ansible", "bench.peers.ansible", "peer: Ansible", limit=900),
    Part("peer-deck", "bench.peers.deck", "peer: decK"),
    Part("peer-octodns", "bench.peers.octodns", "peer: octoDNS"),
    Part("peer-dbt", "bench.peers.dbt", "peer: dbt", limit=900),
)
