"""KCL: a configuration language with a compiler in Rust, by its Python package."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from bench.measurement import Measurement, Scale
from bench.peers.compilation import compare
from bench.peers.environment import python_peer, version_of
from bench.processes import runner

CHECKED_DIFFERS = (
    "KCL runs in a Python process of its own and prints nothing. It checks types, durations, "
    "ports, paths and where routes lead by schemas: part of what we check, without the places "
    "of mistakes in the YAML."
)
PLAIN_DIFFERS = (
    "The same program without its schemas: KCL checks nothing, which is less work than ours."
)
PROGRAM = Path(__file__).with_name("compile.k")
SCHEMAS = Path(__file__).with_name("schemas.k")
READ = 'yaml.decode(file.read(option("spec")))'
SCRIPT = """
import json, sys
from kcl_lib import api
program, spec, out = sys.argv[1:]
given = {"spec": spec, "out": out}
arguments = [api.Argument(name=name, value=json.dumps(value)) for name, value in given.items()]
done = api.API().exec_program(api.ExecProgramArgs(
    k_filename_list=[program], args=arguments, path_selector=["app"]
))
sys.exit(done.err_message or 0)
"""


def measure(scale: Scale, folder: Path) -> Iterator[Measurement]:
    place = python_peer("kcl-lib")
    name = f"KCL {version_of(place, 'kcl-lib')}"
    plain = PROGRAM.read_text(encoding="utf-8")
    schemas = SCHEMAS.read_text(encoding="utf-8")
    checked = f"import regex\n{plain.replace(READ, f'Spec {{**{READ}}}')}\n{schemas}"
    for kind, program, differs in (
        ("checked", checked, CHECKED_DIFFERS),
        ("plain", plain, PLAIN_DIFFERS),
    ):
        below = folder / kind
        below.mkdir()
        prepare = preparation(place, program)
        for row in compare(name, differs, scale, below, prepare, 3):
            if kind == "checked":
                yield replace(row, beside=f"{name}, schemas")
            else:
                yield replace(row, beside=f"{name}, unchecked", target=None)


def preparation(place: Path, text: str) -> Callable[[Path, Path], Callable[[], object]]:
    """Puts the program beside the spec: it may read and write there alone."""

    def prepare(spec: Path, out: Path) -> Callable[[], object]:
        program = spec.with_name("compile.k")
        program.write_text(text, encoding="utf-8")
        command = (str(place / "python"), "-c", SCRIPT, program.name, spec.name, out.name)
        return runner(*command, cwd=spec.parent)

    return prepare
