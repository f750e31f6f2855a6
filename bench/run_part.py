"""`python -m bench.run_part MODULE`: one part, its measurements as lines of JSON as they come."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from bench.measurement import QUICK, Measurement, NotHere, Scale


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module")
    parser.add_argument("--title", default="")
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args()
    scale = QUICK if chosen.quick else Scale()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left behind
    # What parts and their children print is no result: those have the real output for themselves.
    results = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    os.environ["NO_PROXY"] = "127.0.0.1"
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        try:
            for one in import_module(chosen.module).measure(scale, Path(folder)):
                results.write(json.dumps(asdict(one)) + "\n")
        except NotHere as missing:
            row = Measurement(size="", stage=chosen.title, value=None, why=str(missing))
            results.write(json.dumps(asdict(row)) + "\n")
    results.close()
    sys.stdout.flush()


if __name__ == "__main__":
    main()
