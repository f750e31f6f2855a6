"""`make coverage`: lines and branches, each by themselves, and the modules that lack most."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

LEAST = 95.0
_SHOWN = 20
_KINDS = ("statements", "branches")


def main(path: Path) -> int:
    """Tells what coverage's JSON says; 1 below the least."""
    data: dict[str, Any] = json.loads(path.read_text())
    files = {name: one["summary"] for name, one in data["files"].items()}
    for name in sorted(files, key=lambda name: _missing(files[name]), reverse=True)[:_SHOWN]:
        if _missing(files[name]):
            print(f"{_tell(files[name])}  {name}")
    print(f"{_tell(data['totals'])}  all")
    return int(min(data["totals"][f"percent_{kind}_covered"] for kind in _KINDS) < LEAST)


def _missing(summary: dict[str, Any]) -> int:
    return int(summary["missing_lines"] + summary["missing_branches"])


def _tell(summary: dict[str, Any]) -> str:
    return "  ".join(
        f"{summary[f'percent_{kind}_covered']:6.2f} % of {summary[f'num_{kind}']:5} {kind}"
        for kind in _KINDS
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
