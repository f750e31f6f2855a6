"""Where the program begins and ends; imports nothing that an answer doesn't need."""

import os
import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    if sys.argv[1:] == ["--version"]:
        from penguin_compile import __version__

        print(f"penguin-compile {__version__}")  # noqa: T201
        return
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
    if "compile" in arguments or "fleet" in arguments:
        from penguin_compile.cli.compile_cache import recall

        if recall(arguments):
            return 0
    from penguin_compile.cli.program import run

    return run(arguments)


if __name__ == "__main__":
    main()
