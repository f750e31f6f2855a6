"""Many applies at once, in processes of their own; run by test_many_applies.

`many_applies URL FOLDER COUNT ARGUMENT…` prints each one's exit code.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

from penguin_compile.cli.program import run
from tests.faults.killed_database import warm_up
from tests.faults.shop import Shop


def main(url: str, folder: str, count: str, *arguments: str) -> None:
    shop = Shop(Path(folder), url, old_secret="changed")
    os.environ.update(shop.variables)
    warm_up(shop)
    gc.freeze()
    begin, go = os.pipe()
    children = [_start(Path(folder), number, begin, go, arguments) for number in range(int(count))]
    os.close(begin)
    os.close(go)  # the last end but the children's own, which each closes before it waits
    codes = [os.waitstatus_to_exitcode(os.waitpid(one, 0)[1]) for one in children]
    sys.stdout.write(" ".join(str(one) for one in sorted(codes)))


def _start(folder: Path, number: int, begin: int, go: int, arguments: tuple[str, ...]) -> int:
    """A child that waits until all are there."""
    child = os.fork()
    if child:
        return child
    try:
        os.close(go)
        os.read(begin, 1)
        log = os.open(folder / f"out-{number}", os.O_WRONLY | os.O_CREAT)
        os.dup2(log, 1)
        os.dup2(log, 2)
        code = run(arguments)
        sys.stdout.flush()
        os._exit(code)
    finally:
        os._exit(99)


if __name__ == "__main__":
    main(*sys.argv[1:])
