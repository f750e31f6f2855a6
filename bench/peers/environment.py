"""Peers in environments of their own below .cache/, from the registry by its ordinary client.

Built at first use; deleting the folder builds them anew, with the newest versions.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.measurement import NotHere
from bench.processes import ROOT

_FOLDER = ROOT / ".cache" / "bench" / "peers"
_VERSION = "from importlib.metadata import version; import sys; print(version(sys.argv[1]))"


def python_peer(*packages: str) -> Path:
    """The `bin` of an environment with these packages. Raises NotHere where pip refuses.

    What it is called is the first package's name.
    """
    place = _FOLDER / packages[0].partition("<")[0]
    asked, text = place / "asked-for.txt", "\n".join(packages)
    if asked.is_file() and asked.read_text(encoding="utf-8") == text:
        return place / "bin"
    shutil.rmtree(place, ignore_errors=True)
    _build([sys.executable, "-m", "venv", str(place)], packages)
    pip = [str(place / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    _build([*pip, *packages], packages)
    asked.write_text(text, encoding="utf-8")
    return place / "bin"


def _build(command: Sequence[str], packages: Sequence[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if "rror" in line]
        last = said[0].strip() if said else f"exit code {done.returncode}"
        raise NotHere(f"pip install {' '.join(packages)}: {last[:200]}")


def version_of(place: Path, package: str) -> str:
    """The installed version of a package of an environment."""
    done = subprocess.run(
        [place / "python", "-c", _VERSION, package], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def debian_peer(program: str, package: str) -> str:
    """A program of Debian's, installed where that is allowed. Raises NotHere where it isn't."""
    if not shutil.which(program) and shutil.which("apt-get") and os.geteuid() == 0:
        for command in (("update",), ("install", "--yes", "--no-install-recommends", package)):
            subprocess.run(
                ["apt-get", "-o", "DPkg::Lock::Timeout=120", *command],
                check=False,
                capture_output=True,
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            )
    found = shutil.which(program)
    if not found:
        raise NotHere(f"apt-get install {package}, as root on Debian, brings {program}")
    return found
