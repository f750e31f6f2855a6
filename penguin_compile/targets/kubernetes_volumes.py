"""Volumes in Kubernetes (target `kubernetes`).

A named volume outlives its container in Compose, so that it becomes a PersistentVolumeClaim; an
emptyDir would lose a database with its pod. A volume without a name is an emptyDir, a tmpfs one in
memory. Files of the host have no place in a cluster.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, TypeAlias

from penguin_compile.core.records import dataclass
from penguin_compile.targets.kubernetes_keys import ContainerKeys, mapping
from penguin_compile.targets.kubernetes_names import free_name, object_names
from penguin_compile.targets.kubernetes_units import memory

Data: TypeAlias = dict[str, Any]

SIZE = "1Gi"  # Compose states none, and a claim needs one
# A folder of the volume, empty at first as in Compose: a file system's root may have a lost+found,
# and a database takes no folder that isn't empty.
_FOLDER = "data"


@dataclass(slots=True)
class Mounts:
    """What one container mounts, `claims` being the names of its claims."""

    mounts: list[Data] = field(default_factory=list)
    volumes: dict[str, Data] = field(default_factory=dict)
    claims: list[str] = field(default_factory=list)

    def add(self, name: str, volume: Data, mount: Data) -> None:
        """One mount of one volume; what is stated twice is there once."""
        if any(mount["mountPath"] == one["mountPath"] for one in self.mounts):
            return
        self.volumes[name] = {"name": name, **volume}
        self.mounts.append({"name": name, **mount})


class Volumes:
    """The named volumes of one app, which containers share by name."""

    def __init__(self, declared: Mapping[str, Any]) -> None:
        self._declared = declared
        self._names = object_names(declared)
        self._pods: dict[str, int] = {}

    def mount(self, keys: ContainerKeys, pods: int) -> Mounts:
        """What `volumes` and `tmpfs` of a container become, which runs in so many pods."""
        result = Mounts()
        for entry in keys.take_each("volumes"):
            self._mount(result, _long(entry), keys, pods)
        for entry in keys.take_each("tmpfs"):
            target, _, options = str(entry).partition(":")
            sizes = [one[5:] for one in options.split(",") if one.startswith("size=")]
            size = sizes[0] if sizes else None
            self._mount_temporary(result, target, keys, {"medium": "Memory"}, size)
        return result

    def _mount(self, result: Mounts, volume: Data, keys: ContainerKeys, pods: int) -> None:
        kind, source, target = volume.get("type"), volume.get("source"), str(volume.get("target"))
        if kind == "volume" and source:
            self._mount_claim(result, str(source), volume, pods)
        elif kind == "volume":
            self._mount_temporary(result, target, keys, {}, None)
        elif kind == "tmpfs":
            size = mapping(volume.get("tmpfs")).get("size")
            self._mount_temporary(result, target, keys, {"medium": "Memory"}, size)
        else:
            keys.refuse(f"volumes ({source or kind} at {target})")

    def _name(self, source: str) -> str:
        if source not in self._names:
            self._names.update(object_names([*self._names, source]))
        return self._names[source]

    def _mount_claim(self, result: Mounts, source: str, volume: Data, pods: int) -> None:
        name = self._name(source)
        declared = mapping(self._declared.get(source))
        mount: Data = {"mountPath": str(volume.get("target"))}
        folder = mapping(volume.get("volume")).get("subpath")
        claim = name
        if declared.get("external"):  # it is there already, and so is what it holds
            claim = str(declared.get("name") or source)
            path = folder
        else:
            path = f"{_FOLDER}/{folder}" if folder else _FOLDER
            if name not in result.claims:
                result.claims.append(name)
                self._pods[name] = self._pods.get(name, 0) + pods
        if path:
            mount["subPath"] = str(path)
        if volume.get("read_only"):
            mount["readOnly"] = True
        result.add(name, {"persistentVolumeClaim": {"claimName": claim}}, mount)

    def _mount_temporary(
        self, result: Mounts, target: str, keys: ContainerKeys, kind: Data, size: Any
    ) -> None:
        limit = None if size is None else keys.convert("tmpfs size", memory, size)
        folder: Data = {**kind, **({} if limit is None else {"sizeLimit": limit})}
        name = free_name("temporary", {*result.volumes, *self._names.values()})
        result.add(name, {"emptyDir": folder}, {"mountPath": target})

    def claims(self) -> Iterator[Data]:
        """The claims that containers mount; several pods need a volume that takes several."""
        for name, pods in self._pods.items():
            yield {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {"name": name},
                "spec": {
                    "accessModes": ["ReadWriteOnce" if pods < 2 else "ReadWriteMany"],
                    "resources": {"requests": {"storage": SIZE}},
                },
            }

    def shared(self) -> list[str]:
        """The claims that more than one pod mounts."""
        return [name for name, pods in self._pods.items() if pods > 1]

    def options(self) -> list[str]:
        """Keys of Compose's top-level volumes that a claim has no place for."""
        used = {source for source, name in self._names.items() if name in self._pods}
        return [
            f"{source}.{key}"
            for source, declared in self._declared.items()
            if source in used
            for key, value in mapping(declared).items()
            if key != "name" and not key.startswith("x-") and value != "local"
        ]


def _long(entry: Any) -> Data:
    """`[SOURCE:]TARGET[:MODES]` in its long form."""
    if isinstance(entry, dict):
        return entry
    source, colon, rest = str(entry).partition(":")
    if not colon:
        return {"type": "volume", "target": source}
    target, _, modes = rest.partition(":")
    return {
        "type": "bind" if source[:1] in {".", "/", "~"} else "volume",
        "source": source,
        "target": target,
        "read_only": "ro" in modes.split(","),
    }
