"""npm packages that some tests drive, installed by their lock files into .cache/, once each.

A lock file names no registry: npm asks the one that it is set up with.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

from tests.requirements import end_without

CACHE = Path(__file__).resolve().parents[1] / ".cache"


def installed_packages(source: Path, requirement: str) -> Path:
    """A folder with node_modules, by the lock file in `source`; or the test ends here."""
    for needed in ("node", "npm"):
        if shutil.which(needed) is None:
            end_without(requirement, f"{needed} is not installed")
    digest = hashlib.sha256((source / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = CACHE / requirement / digest
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test processes may ask at once
        if not (folder / "complete").exists():
            _install(source, folder, requirement)
    return folder


def _install(source: Path, folder: Path, requirement: str) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(source / name, folder / name)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        end_without(requirement, f"npm can't install {source.name}: {done.stderr[-500:]}")
    (folder / "complete").touch()
