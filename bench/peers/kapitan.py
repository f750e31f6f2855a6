"""kapitan: an inventory of YAML compiled by templates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import indent

from bench.measurement import Measurement, Scale
from bench.peers.compilation import FILES, compare, write_templates
from bench.peers.environment import python_peer, version_of
from bench.processes import runner

DIFFERS = (
    "The spec is a class of kapitan's inventory; the templates are those of the plain Jinja2 "
    "peer, its input type jinja2. kapitan checks nothing of it."
)
PRELUDE = "{% set spec = inventory.parameters.spec %}"
TARGET = """\
classes: [app]
parameters:
  kapitan:
    vars: {target: bench}
    compile:
      - {output_path: ., input_type: jinja2, input_paths: [templates]}
"""


def measure(scale: Scale, folder: Path) -> Iterator[Measurement]:
    place = python_peer("kapitan")
    project = folder / "project"
    write_templates(project / "templates", PRELUDE)
    for path in (project / "templates").iterdir():
        path.rename(path.with_suffix(""))

    def prepare(spec: Path, out: Path):
        for name in ("targets", "classes"):
            (project / "inventory" / name).mkdir(parents=True)
        (project / "inventory" / "targets" / "bench.yml").write_text(TARGET, encoding="utf-8")
        told = indent(spec.read_text(encoding="utf-8"), "    ")
        (project / "inventory" / "classes" / "app.yml").write_text(
            f"parameters:\n  spec:\n{told}", encoding="utf-8"
        )
        compile_there = runner(str(place / "kapitan"), "compile", cwd=project)

        def work() -> None:
            compile_there()
            for name in FILES:
                (out / name).unlink(missing_ok=True)
                (out / name).hardlink_to(project / "compiled" / "bench" / name)

        return work

    name = f"kapitan {version_of(place, 'kapitan')}"
    yield from compare(name, DIFFERS, scale, folder, prepare, 1)
