"""Draw what a command prints in a terminal of 100 columns: `python docs/picture.py OUT.svg -- CMD`.

The command is run, and what it printed is drawn: nothing is staged. `make picture` renews
docs/plan.svg.
"""

import shlex
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text


def draw(out: Path, command: list[str], title: str) -> None:
    """Run a command and write an SVG of its output."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    console = Console(record=True, width=100, force_terminal=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    console.print(Text.from_ansi(f"$ {title}\n{done.stdout.rstrip()}\n "))
    svg = console.export_svg(title="penguin-compile", unique_id="penguin")
    # The font is the reader's own: a picture must not fetch anything.
    lines = [line for line in svg.splitlines() if "cdnjs" not in line]
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    target, separator, *words = sys.argv[1:]
    if separator != "--" or not words:
        sys.exit(__doc__)
    shown = [word for word in words if not word.startswith("--color")]
    draw(Path(target), [*words[:1], "--color", "always", *words[1:]], shlex.join(shown))
