"""What an app's files have and the language forbids: mended in the draft, each time with a reason.

Between two rounds of `adoption.py`: the rules say what is wrong with the draft, this mends what can
be mended without a person, and the next round checks it again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.core.pointer import Pointer
from penguin_compile.intake.draft import DraftService
from penguin_compile.intake.intake import Intake
from penguin_compile.intake.meaning import Intention
from penguin_compile.model.app import App
from penguin_compile.rules.container_ports import host_ports
from penguin_compile.rules.containers import containers

_PUBLISHED = re.compile(
    r"(?P<before>(?:(?:[0-9]+\.[0-9.]+|\[[0-9A-Fa-f:]+\]):)?)"
    r"(?P<published>\$\{(?P<name>\w+)(?P<operator>:?-)?[^${}]*\}|[0-9]+)(?P<after>:.+|\Z)"
)
_HIGHEST = 65_535
_UNUSED = "no container names it in the Compose files that this was taken from, either"


class Mender:
    """Mends one draft, round after round."""

    def __init__(self, intake: Intake) -> None:
        self._draft = intake.draft
        self._evidence = intake.evidence
        self._allotted: set[int] = set()
        self._remarks: dict[str, str] = {}
        self._moves: dict[str, dict[int, str]] = {}
        self._ways: dict[str, Callable[[Diagnostic, App | None], bool]] = {
            "PC203": self._drop_dependency,
            "PC209": self._move_port,
            "PC312": self._allow_unused,
            "PC404": self._leave_out,
            "PC405": self._unpublish,
        }

    def mend(self, findings: Sequence[Diagnostic], app: App | None) -> bool:
        """Whether anything was changed, so that it has to be checked again."""
        changed = False
        told: set[Pointer] = set()
        for finding in findings:
            way = self._ways.get(finding.code)
            if way is not None and finding.pointer not in told:
                told.add(finding.pointer)
                changed = way(finding, app) or changed
        return changed

    def _service(self, pointer: Pointer) -> DraftService | None:
        return self._draft.services.get(str(pointer[1])) if len(pointer) > 1 else None

    def _intend(self, path: tuple[str, ...], reason: str) -> None:
        self._draft.intentions.append(Intention(path=path, reason=reason))

    def _drop_dependency(self, finding: Diagnostic, _app: App | None) -> bool:
        """Compose refuses a file with a dependency on nothing."""
        service = self._service(finding.pointer)
        container = None if service is None else service.container
        if service is None or container is None:
            return False
        depends = container.get("depends_on")
        gone = set(depends or ()) - self._draft.services.keys()
        if not gone:
            return False
        if isinstance(depends, dict):
            container["depends_on"] = {n: one for n, one in depends.items() if n not in gone}
        else:
            container["depends_on"] = [n for n in depends or () if n not in gone]
        if not container["depends_on"]:
            del container["depends_on"]
        for name in sorted(gone):
            reason = f'"{name}" is no service of the spec'
            self._intend(("services", service.name, "depends_on", name), reason)
        self._intend(
            ("services", service.name, "depends_on"), "none of its services is in the spec"
        )
        return True

    def _leave_out(self, finding: Diagnostic, _app: App | None) -> bool:
        """MarchProxy runs outside of apps; so does what extends it under its name."""
        service = self._service(finding.pointer)
        if service is None:
            return False
        reason = (
            "it is MarchProxy itself, which runs outside of apps (PC404): an environment names it"
            " under `marchproxy`"
        )
        self._intend(("services", service.name), reason)
        self._draft.left_out.append(f'Left out: the service "{service.name}": {reason}.')
        del self._draft.services[service.name]
        for other in self._draft.services.values():
            self._forget(other, service.name)
        return True

    def _forget(self, service: DraftService, gone: str) -> None:
        """What names a service that is left out, and would be refused without it."""
        container = service.container or {}
        for key in ("links", "volumes_from"):
            listed = container.get(key)
            if isinstance(listed, list):
                kept = [one for one in listed if str(one).split(":")[0] != gone]
                if len(kept) < len(listed):
                    self._intend(("services", service.name, key), f'"{gone}" is left out')
                    container[key] = kept
                    if not kept:
                        del container[key]
        if container.get("network_mode") == f"service:{gone}":
            del container["network_mode"]
            self._intend(("services", service.name), f'it shared the network of "{gone}"')

    def _unpublish(self, finding: Diagnostic, _app: App | None) -> bool:
        service = self._service(finding.pointer)
        key = str(finding.pointer[-1])
        if service is None or service.container is None or key not in service.container:
            return False
        del service.container[key]
        reason = "WaddleAI is reached inside only (PC405): it has no users of its own"
        self._intend(("services", service.name, key), reason)
        if key == "network_mode":
            self._intend(("services", service.name, "networks"), reason)
        return True

    def _allow_unused(self, finding: Diagnostic, _app: App | None) -> bool:
        """Not given to anybody is what the files say; a person decides who needs it."""
        section = str(finding.pointer[0])
        if finding.severity < Severity.WARNING or section in self._draft.allowed:
            return False
        self._draft.allowed[section] = {"PC312": _UNUSED}
        return True

    def _move_port(self, finding: Diagnostic, app: App | None) -> bool:
        """Both can't be published: the second container would not start."""
        service = self._service(finding.pointer)
        ports = None if service is None else (service.container or {}).get("ports")
        index = finding.pointer[-1]
        if (
            app is None
            or service is None
            or not isinstance(ports, list)
            or not isinstance(index, int)
        ):
            return False
        taken = _taken(app) | self._allotted
        entry = ports[index]
        text = str(entry.get("published")) if isinstance(entry, dict) else str(entry)
        match = _PUBLISHED.match(text)
        if match is None:
            return False
        moved = self._published(match, taken)
        if moved is None:
            return False
        port, published = moved
        if published is not None:
            text = f"{match['before']}{published}{match['after']}"
            ports[index] = {**entry, "published": text} if isinstance(entry, dict) else text
        reason = (
            f"{finding.message}: only one of them can start, so this one has {port} now (PC209)"
        )
        moves = self._moves.setdefault(service.name, {})
        moves[index] = reason
        path = ("services", service.name, "ports")
        others = [one for one in self._draft.intentions if one.path != path]
        every = Intention(path=path, reason="; ".join(moves.values()), always=True)
        self._draft.intentions = [*others, every]
        self._allotted.add(port)
        self._remark(service, f"its host port was taken by another service: now {port}")
        return True

    def _remark(self, service: DraftService, text: str) -> None:
        """One comment, however often it had to be moved."""
        known = self._remarks.pop(service.name, None)
        service.comments = [one for one in service.comments if one != known]
        service.comments.append(text)
        self._remarks[service.name] = text

    def _published(self, match: re.Match[str], taken: set[int]) -> tuple[int, str | None] | None:
        """Another port of the host, and the text that publishes it; None: the variable says it."""
        name = match["name"]
        if name is None:
            port = _free(int(match["published"]), taken)
            return None if port is None else (port, str(port))
        evidence = self._evidence.get(name)
        entry = self._draft.variables.get(name)
        set_to = None if evidence is None else evidence.set_value
        stated = re.search(r"[0-9]+", match["published"].partition("-")[2])
        known = entry.keys.get("default") if entry is not None else None
        start = int(stated[0]) if stated else known if isinstance(known, int) else 1024
        port = _free(start, taken)
        if set_to is not None and set_to.isdigit() and int(set_to) not in taken:
            port = int(set_to)
        if port is None:
            return None
        if entry is None or match["operator"] or evidence is None or len(evidence.uses) > 1:
            return port, f"${{{name}{match['operator'] or ':-'}{port}}}"
        entry.keys = {**entry.keys, "type": "integer", "default": port}
        entry.comments.append(f"was {known}, which another service publishes, too")
        return port, None


def _taken(app: App) -> set[int]:
    def default(name: str) -> str | None:
        variable = app.deployment.variables.get(name)
        return None if variable is None else variable.default

    return {
        port
        for container in containers(app)
        for one in host_ports(container, default)
        for port in range(one.first, one.last + 1)
    }


def _free(start: int, taken: set[int]) -> int | None:
    return next((port for port in range(start + 1, _HIGHEST + 1) if port not in taken), None)
