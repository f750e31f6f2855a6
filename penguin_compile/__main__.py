"""Where the program begins and ends; imports nothing that an answer doesn't need."""

import gc
import os
import sys

_REMEMBERED = frozenset(("compile", "validate"))


def main() -> None:
    """Run the command line and leave with its exit code."""
    if sys.argv[1:] == ["--version"]:
        from penguin_compile import __version__

        print(f"penguin-compile {__version__}")  # noqa: T201
        return
    gc.disable()  # on a large spec it costs more than all else; the program knows who needs it
    code = _run(sys.argv[1:])
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # the reader of a pipe went away
        code = code or 1
    if "coverage" in sys.modules:
        sys.exit(code)
    os._exit(code)  # as mypy leaves: taking a large spec apart object by object helps nobody


def _run(arguments: list[str]) -> int:
    if not _REMEMBERED.isdisjoint(arguments):
        from penguin_compile.cli.run_cache import recall

        try:
            code = recall(arguments)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        if code is not None:
            return code
    from penguin_compile.cli.program import run

    return run(arguments)


if __name__ == "__main__":
    main()
