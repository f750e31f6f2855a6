"""Where the program begins; imports nothing that an answer doesn't need."""

import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    if sys.argv[1:] == ["--version"]:
        from penguin_compile import __version__

        print(f"penguin-compile {__version__}")  # noqa: T201
        return
    from penguin_compile.cli.program import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
