"""Target `hosts`: lines for /etc/hosts, so that a service's name works on a developer's machine."""

from collections.abc import Iterator

from penguin_compile.model.app import App
from penguin_compile.model.deployed import deployed_services
from penguin_compile.targets.target import RESOURCE_KINDS, Artifact, Placement, Target


def render(app: App, placement: Placement) -> Iterator[Artifact]:
    """One file, with a line for each service that the environment deploys."""
    names = sorted({service.host for service in deployed_services(app).values()})
    lines = [f"# Generated from {placement.spec}; edit the spec instead."]
    lines += [f"127.0.0.1 {name}" for name in names]
    yield Artifact(path="hosts/hosts", text="\n".join([*lines, ""]))


TARGET = Target(
    name="hosts",
    render=render,
    renders=frozenset(("service",)),
    ignores={kind: "has no host name" for kind in RESOURCE_KINDS if kind != "service"},
    owns=("hosts/",),
)
