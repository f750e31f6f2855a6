"""What a worker finds out about one spec: all that depends on its text alone, so that it is kept.

The answer holds the findings of all environments, what the spec claims, what it read, and which
other files it names. Nothing in it has been chosen by an option.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from penguin_compile.artifacts.layout import environment_folder, target_folder
from penguin_compile.claims import claims_of
from penguin_compile.core.secret import SecretReference
from penguin_compile.fleet.findings import claims_data, finding_data
from penguin_compile.fleet.task import Answer, Task
from penguin_compile.model.app import App
from penguin_compile.model.service import FromSecret
from penguin_compile.pipeline import CheckedSpec, check_spec
from penguin_compile.source.environments import environment_names
from penguin_compile.source.load import LoadedSpec, load_spec
from penguin_compile.source.shared_files import SharedFiles

_IN_FILES = frozenset(("file", "sops"))  # schemes whose secrets stand in files
_files: tuple[str, SharedFiles] = ("", SharedFiles())


def read_spec(task: Task) -> tuple[LoadedSpec, SharedFiles]:
    """A task's spec, with what it imports; that is read and parsed once in a process and run."""
    global _files  # noqa: PLW0603 - a worker of a cluster sees many runs, and files change
    if _files[0] != task.run:
        _files = (task.run, SharedFiles())
    path = Path(task.spec)
    files = _files[1]
    files.begin(path)
    return load_spec(path, files=files), files


def check(task: Task) -> Answer:
    """Validate a spec in all its environments."""
    loaded, files = read_spec(task)
    spec = check_spec(loaded)
    document = spec.loaded.document
    return {
        "spec": task.spec,
        "app": spec.name,
        "environments": [] if document is None else environment_names(document),
        "live": [name for name, one in spec.environments.items() if one.app and _is_live(one.app)],
        "findings": [finding_data(one) for one in spec.findings],
        "claims": claims_data(claims_of(spec)),
        "root": str(spec.loaded.root),
        "files": files.hashes,
        "links": files.links,
        "names": sorted(_named_files(spec)),
        "folders": list(_folders(spec)),
    }


def _folders(spec: CheckedSpec) -> Iterator[list[str]]:
    """App, environment and folder of all that compile would write."""
    names = list(spec.environments)
    for name, one in spec.environments.items():
        if one.app is None:
            continue
        targets = (
            target_folder(one.app, target, spec.loaded.root, names)
            for target in one.app.outputs.places
        )
        for folder in (environment_folder(one.app, spec.loaded.root, None), *targets):
            if folder is not None:
                yield [one.app.name, name, os.path.realpath(folder.path)]


def _is_live(app: App) -> bool:
    """Whether there is anything to plan for."""
    return app.environment.database is not None or app.environment.gateway is not None


def _named_files(spec: CheckedSpec) -> set[str]:
    """Files that the spec doesn't read but names: env files of containers, files with secrets."""
    found: set[str] = set()
    for one in spec.environments.values():
        if one.app is not None:
            root = spec.loaded.root
            found.update(os.path.realpath(root / name) for name in _env_files(one.app))
            found.update(os.path.realpath(name) for name in _secret_files(one.app))
    return found


def _env_files(app: App) -> Iterator[str]:
    """Compose's `env_file`: a name, a list of names, or of mappings with a path."""
    for service in app.services.values():
        value = (service.container or {}).get("env_file")
        for one in value if isinstance(value, (list, tuple)) else [value]:
            path = one.get("path") if isinstance(one, dict) else one
            if isinstance(path, str) and "$" not in path and "\0" not in path:
                yield path


def _secret_files(app: App) -> Iterator[str]:
    environment, gateway = app.environment, app.environment.gateway
    secrets: list[object] = [environment.database, environment.state]
    if gateway is not None:
        secrets += [gateway.url, gateway.token, gateway.password, gateway.totp]
    secrets += [one.secret for one in app.settings.values()]
    secrets += [one.secret for one in app.variables.values()]
    for service in app.services.values():
        secrets += [
            one.secret for one in service.environment.values() if isinstance(one, FromSecret)
        ]
    for one in secrets:
        if isinstance(one, SecretReference) and one.scheme in _IN_FILES and "\0" not in one.rest:
            yield one.rest.partition("#")[0] if one.scheme == "sops" else one.rest
