"""Plain Jinja2 and PyYAML: the script of twenty lines that many repositories have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.measurement import Measurement, Scale
from bench.peers.compilation import FILES, compare, write_templates
from bench.peers.environment import python_peer, version_of
from bench.processes import runner

DIFFERS = "Jinja2 and PyYAML check nothing; PyYAML reads with its C loader (CSafeLoader)."
SCRIPT = """
import sys, yaml
from jinja2 import Environment, FileSystemLoader
spec, templates, out, *names = sys.argv[1:]
with open(spec, encoding="utf-8") as file:
    tree = yaml.load(file, Loader=yaml.CSafeLoader)
environment = Environment(loader=FileSystemLoader(templates), trim_blocks=True)
for name in names:
    with open(f"{out}/{name}", "w", encoding="utf-8") as file:
        file.write(environment.get_template(f"{name}.j2").render(spec=tree))
"""


def measure(scale: Scale, folder: Path) -> Iterator[Measurement]:
    place = python_peer("jinja2", "pyyaml")
    templates = folder / "templates"
    write_templates(templates)

    def prepare(spec: Path, out: Path):
        command = (str(place / "python"), "-c", SCRIPT)
        return runner(*command, str(spec), str(templates), str(out), *FILES)

    name = f"Jinja2 {version_of(place, 'jinja2')}, PyYAML {version_of(place, 'pyyaml')}"
    yield from compare(name, DIFFERS, scale, folder, prepare, 3)
