"""Results as JSON: what was measured, on which machine, when; nothing else."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bench.measurement import Measurement
from bench.registry import Part


@dataclass(slots=True)
class PartResult:
    """`failure`: the last words of a part that ended badly."""

    part: Part
    measurements: list[Measurement] = field(default_factory=list)
    seconds: float = 0.0
    failure: str = ""


def machine() -> dict[str, object]:
    """Facts without which numbers say little."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000,
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "load_before": round(os.getloadavg()[0], 1),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def write_results(
    path: Path, facts: dict[str, object], results: Sequence[PartResult], seconds: float
) -> None:
    """The file that is committed, and that the chart is drawn from."""
    document = {
        "machine": facts,
        "seconds": round(seconds),
        "parts": [
            {
                "name": one.part.name,
                "title": one.part.title,
                "seconds": round(one.seconds, 1),
                **({"failure": one.failure} if one.failure else {}),
                "measurements": [_told(row) for row in one.measurements],
            }
            for one in results
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _told(row: Measurement) -> dict[str, object]:
    fields = {name: told for name, told in asdict(row).items() if told not in (None, "")}
    if not row.peer:
        del fields["peer"]
    if row.value is None:
        del fields["unit"]
    for name in ("value", "beside_value", "target"):
        if name in fields:
            fields[name] = float(f"{fields[name]:.4g}")
    if row.times is not None:
        fields["times"] = float(f"{row.times:.3g}")
    if row.holds is not None:
        fields["holds"] = row.holds
    return fields
