"""One cold compile in a process of its own, as a user has it: prints its seconds."""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from pathlib import Path

from penguin_compile.artifacts.writer import apply_writes
from penguin_compile.cli.quick_start import skip_plugins
from penguin_compile.compilation import compile_spec, plan_compiled
from penguin_compile.pipeline import check_file


def main(spec: str, *targets: str) -> None:
    """Validate, render, check and write, without the start of Python."""
    gc.disable()  # as every command does
    skip_plugins()
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        compiled = compile_spec(check_file(Path(spec)), out=Path(folder), targets=targets)
        apply_writes(*plan_compiled(compiled))
        print(time.perf_counter() - start)


if __name__ == "__main__":
    main(*sys.argv[1:])
