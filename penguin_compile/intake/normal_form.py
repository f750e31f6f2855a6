"""A resolved Compose model in one form, so that two that mean the same are equal (`init`).

Short syntax becomes long, defaults are filled in, paths are absolute, and every single value is a
text: whether `"true"` or `true` is written makes no difference to Compose. Source: what
`docker compose config` prints; tests/intake compare with it.
"""

from __future__ import annotations

import os
import posixpath
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from penguin_compile.intake.compose_merge import pairs
from penguin_compile.intake.project import ComposeProject
from penguin_compile.intake.short_syntax import (
    long_ports,
    long_volume,
    mount_key,
    port_key,
    volume_key,
)

Data: TypeAlias = dict[str, Any]

_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?(?:ns|us|µs|ms|s|m|h|d|w))+\Z")
_DURATION_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?)(ns|us|µs|ms|s|m|h|d|w)")
_SECONDS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86_400.0,
    "w": 604_800.0,
}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(?:([kmgtp])i?)?b?\Z", re.IGNORECASE)
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_DURATIONS = frozenset(
    ("interval", "timeout", "start_period", "start_interval", "stop_grace_period", "delay")
) | frozenset(("monitor", "window", "max_delay"))
_SIZES = frozenset(
    ("mem_limit", "mem_reservation", "memswap_limit", "shm_size", "memory", "size", "kernel_memory")
)
_OFF_ANYWAY = frozenset(("oom_kill_disable", "privileged", "read_only", "stdin_open", "tty"))
_TEXT_LISTS = frozenset(("dns", "dns_search", "tmpfs", "label_file"))
_PAIRS = frozenset(("annotations", "labels", "sysctls", "args", "driver_opts", "options"))
_ELSEWHERE = re.compile(r"[^/]*://|git@|github\.com/|service:|target:|docker-image:|oci-layout:")


def normalise(project: ComposeProject) -> Data:
    """Everything that a project says, as plain data."""
    root = os.path.abspath(project.directory)  # noqa: PTH100 - links stay what they are
    form = _NormalForm(root, project.environment)
    services = {
        name: form.service(service if isinstance(service, Mapping) else {})
        for name, service in project.services.items()
    }
    model: Data = {"name": project.name, "services": services}
    used = {name for one in services.values() for name in one.get("networks", ())}
    for kind in ("networks", "volumes", "secrets", "configs"):
        declared = project.top.get(kind) or {}
        if kind == "networks" and "default" in used and "default" not in declared:
            declared = {"default": None, **declared}
        model[kind] = {
            name: form.resource(one, f"{project.name}_{name}", name)
            for name, one in declared.items()
        }
    for key, item in project.top.items():
        if key not in model:
            model[key] = _texts(item)
    return model


class _NormalForm:
    def __init__(self, root: str, environment: Mapping[str, str]) -> None:
        self._root = root
        self._environment = environment

    def service(self, service: Mapping[str, Any]) -> Data:
        """One service; what is empty or the default anyway is left out."""
        done: Data = {}
        for key, value in service.items():
            if key.startswith("x-") or value is None or value in ({}, []):
                continue
            convert = _OF_SERVICES.get(key)
            done[key] = _texts(value, key) if convert is None else convert(self, value)
        self._add_implied(done)
        if "network_mode" not in done:
            done.setdefault("networks", {"default": None})
        for key in _OFF_ANYWAY & done.keys():
            if done[key] == "false":
                del done[key]
        return {key: value for key, value in done.items() if value not in ({}, [], None)}

    def _add_implied(self, service: Data) -> None:
        """What it can't run without is what it depends on."""
        named = [str(service.get(key, "")) for key in ("network_mode", "ipc", "pid")]
        implied = [one.removeprefix("service:") for one in named if one.startswith("service:")]
        implied += [str(one).split(":")[0] for one in service.get("links", ())]
        for name in implied:
            stated = {"condition": "service_started", "required": "true", "restart": "true"}
            service.setdefault("depends_on", {}).setdefault(name, stated)

    def resource(self, resource: Any, name: str, key: str) -> Data:
        """A network, volume, secret or config of the top level."""
        done: Data = _texts(resource) if isinstance(resource, Mapping) else {}
        external = done.get("external")
        if isinstance(external, dict):
            done = {**done, "external": "true", "name": external.get("name", key)}
        if done.get("external") == "false":
            del done["external"]
        done.setdefault("name", key if done.get("external") else name)
        if "file" in done:
            done["file"] = self._path(done["file"])
        options = done.get("driver_opts", {})
        if done.get("driver") == "local" and options.get("o") == "bind" and "device" in options:
            options["device"] = self._path(options["device"])
        return done

    def environment(self, value: Any) -> Data:
        """Names and texts; a name alone is what the surroundings hold, or nothing."""
        return {
            name: self._environment.get(name) if one is None else go_text(one)
            for name, one in pairs(value).items()
        }

    def ports(self, value: Any) -> list[Any]:
        unique = {port_key(one): one for one in _list(value)}
        ports = [one for entry in unique.values() for one in long_ports(entry) or [entry]]
        return [_texts(one) for one in ports]

    def volumes(self, value: Any) -> list[Any]:
        unique = {volume_key(one): long_volume(one) for one in _list(value)}
        return [self._volume(one) for one in unique.values()]

    def _volume(self, volume: Data) -> Data:
        done: Data = _texts(volume)
        if done.get("type") == "bind" and "source" in done:
            done["source"] = self._path(done["source"])
        bind = done.get("bind", {})
        if bind.get("create_host_path") == "true":
            del bind["create_host_path"]
        target = done.get("target")
        if target and target.startswith("/"):
            done["target"] = posixpath.normpath(target)
        return {key: one for key, one in done.items() if one != {}}

    def devices(self, value: Any) -> list[Any]:
        return [
            _texts(one) if isinstance(one, Mapping) else _device(go_text(one))
            for one in _list(value)
        ]

    def networks(self, value: Any) -> Data:
        listed = value.items() if isinstance(value, Mapping) else [(one, None) for one in value]
        return {str(name): _texts(one) or None for name, one in listed}

    def depends_on(self, value: Any) -> Data:
        listed = value.items() if isinstance(value, Mapping) else [(one, None) for one in value]
        done = {}
        for name, one in listed:
            stated = {"condition": "service_started", "required": "true", **_texts(one or {})}
            if stated.get("restart") == "false":
                del stated["restart"]
            done[str(name)] = stated
        return done

    def build(self, value: Any) -> Data:
        stated = value if isinstance(value, Mapping) else {"context": value}
        done: Data = _texts(stated)
        done["context"] = self._context(done.get("context", "."))
        if "dockerfile_inline" not in done:
            done.setdefault("dockerfile", "Dockerfile")
        for key in ("additional_contexts", "ssh"):
            if isinstance(done.get(key), dict):
                done[key] = {name: self._context(one) for name, one in done[key].items()}
        if "additional_contexts" in stated:
            listed = pairs(stated["additional_contexts"])
            done["additional_contexts"] = {
                name: self._context(go_text(one)) for name, one in listed.items()
            }
        if "args" in stated:
            args = self.environment(stated["args"])
            done["args"] = {name: one for name, one in args.items() if one is not None}
        if "secrets" in done:
            done["secrets"] = [
                {"source": one} if isinstance(one, str) else one for one in done["secrets"]
            ]
        if "extra_hosts" in stated:
            done["extra_hosts"] = self.extra_hosts(stated["extra_hosts"])
        return done

    def env_file(self, value: Any) -> list[Any]:
        done = []
        for one in value if isinstance(value, list) else [value]:
            stated: Data = _texts(one) if isinstance(one, Mapping) else {"path": go_text(one)}
            stated["path"] = self._path(stated["path"])
            stated.setdefault("required", "true")
            done.append(stated)
        return done

    def healthcheck(self, value: Any) -> Data:
        done: Data = _texts(value)
        if done.get("disable") == "false":
            del done["disable"]
        test = value.get("test")
        if isinstance(test, str):
            done["test"] = ["CMD-SHELL", go_text(test)]
        return done

    def develop(self, value: Any) -> Data:
        done: Data = _texts(value)
        for one in done.get("watch", ()):
            if "path" in one:
                one["path"] = self._path(one["path"])
        return done

    def words(self, value: Any) -> Any:
        """A command: a text is split as a shell splits it."""
        if isinstance(value, list):
            return [go_text(one) for one in value]
        try:
            return shlex.split(go_text(value))
        except ValueError:
            return go_text(value)

    def mounts(self, value: Any, folder: str) -> list[Any]:
        unique = {mount_key(one): one for one in _list(value)}
        done = []
        for one in unique.values():
            stated: Data = _texts(one) if isinstance(one, Mapping) else {"source": go_text(one)}
            target = str(stated.get("target") or stated["source"])
            stated["target"] = target if target.startswith("/") else f"{folder}/{target}"
            done.append(stated)
        return done

    def extra_hosts(self, value: Any) -> list[str]:
        if isinstance(value, Mapping):
            every = [(name, one) for name, ones in value.items() for one in _list(ones)]
            return sorted(f"{name}={go_text(one)}" for name, one in every)
        return sorted({_host(str(one)) for one in _list(value)})

    def _context(self, text: Any) -> str:
        return str(text) if _ELSEWHERE.match(str(text)) else self._path(str(text))

    def _path(self, text: str) -> str:
        if text.startswith("~"):
            text = os.path.expanduser(text)  # noqa: PTH111 - the text may be no path at all
        return posixpath.normpath(posixpath.join(self._root, text))


def _device(text: str) -> Data:
    source, target, permissions = (*text.split(":"), "", "")[:3]
    return {"source": source, "target": target or source, "permissions": permissions or "rwm"}


def _host(text: str) -> str:
    at = min((text.find(one) for one in "=:" if one in text), default=-1)
    return text if at < 0 else f"{text[:at]}={text[at + 1 :].strip('[]')}"


def _unique(form: _NormalForm, value: Any) -> list[str]:  # noqa: ARG001
    return list(dict.fromkeys(go_text(one) for one in _list(value)))


_OF_SERVICES: dict[str, Callable[[_NormalForm, Any], Any]] = {
    "build": _NormalForm.build,
    "cap_add": _unique,
    "cap_drop": _unique,
    "command": _NormalForm.words,
    "configs": lambda form, value: form.mounts(value, ""),
    "depends_on": _NormalForm.depends_on,
    "devices": _NormalForm.devices,
    "develop": _NormalForm.develop,
    "entrypoint": _NormalForm.words,
    "env_file": _NormalForm.env_file,
    "environment": _NormalForm.environment,
    "expose": _unique,
    "extra_hosts": _NormalForm.extra_hosts,
    "healthcheck": _NormalForm.healthcheck,
    "networks": _NormalForm.networks,
    "ports": _NormalForm.ports,
    "profiles": _unique,
    "secrets": lambda form, value: form.mounts(value, "/run/secrets"),
    "volumes": _NormalForm.volumes,
}


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _texts(value: Any, key: str = "") -> Any:
    """The same with every single value a text; what is empty is left out."""
    if key in _PAIRS and isinstance(value, list):
        value = pairs(value, missing="" if key == "labels" else None)
    if isinstance(value, Mapping):
        missing = "" if key == "labels" else None
        done = {
            str(name): _texts(one, str(name)) if one is not None else missing
            for name, one in value.items()
            if not str(name).startswith("x-")
        }
        kept = key in _PAIRS
        return {name: one for name, one in done.items() if kept or one not in ({}, [], None)}
    if isinstance(value, list):
        return [_texts(one) for one in value]
    if key in _TEXT_LISTS:
        return [go_text(value)]
    return _scalar(value, key)


def _scalar(value: Any, key: str) -> Any:
    text = go_text(value)
    if key in _DURATIONS and _DURATION.match(text):
        parts = _DURATION_PART.findall(text)
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
        return f"{seconds:.9g}s"
    if key in _SIZES and (match := _SIZE.match(text)):
        power = _POWERS.get((match[2] or "").lower(), 0)
        return str(int(float(match[1]) * 1024**power))
    if key == "mode":
        return str(int(text, 8)) if isinstance(value, str) and text.isdigit() else text
    return text


def go_text(value: Any) -> str:
    """A single value as Compose writes it into a text: Go's own way with numbers."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _go_float(value)
    return "" if value is None else str(value)


def _go_float(value: float) -> str:
    """The shortest digits; from a million on, and below a ten-thousandth, with an exponent."""
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        return f"{value:.17f}".rstrip("0").rstrip(".") if "e" in repr(value) else _plain(value)
    for precision in range(18):
        text = f"{value:.{precision}e}"
        if float(text) == value:
            return text
    return repr(value)


def _plain(value: float) -> str:
    return repr(value).removesuffix(".0")
