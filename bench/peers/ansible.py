"""Ansible: a play of templates on this host, and its check mode where nothing would change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.clock import in_turns
from bench.measurement import Measurement, Scale
from bench.peers.compilation import FILES, TARGETS, compare, write_templates
from bench.peers.environment import python_peer, version_of
from bench.processes import PROGRAM, forgetful, runner

DIFFERS = (
    "Ansible's templates are those of the plain Jinja2 peer, in a play of four tasks on the "
    "local host without facts. It checks nothing of the spec."
)
CHECK_DIFFERS = (
    "Both: a whole process that finds every file as the spec wants it. Ansible's check mode "
    "renders again; ours, without its cache (--no-cache), compiles again and compares."
)
PLAY = """\
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - include_vars: {{file: "{spec}", name: spec}}
    - template: {{src: "{templates}/{{{{ item }}}}.j2", dest: "{out}/{{{{ item }}}}", mode: "0644"}}
      loop: {files}
"""
SETTINGS = {
    "ANSIBLE_LOCALHOST_WARNING": "0",
    "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
    "LC_ALL": "C.UTF-8",  # it refuses to start in another encoding
}


def measure(scale: Scale, folder: Path) -> Iterator[Measurement]:
    place = python_peer("ansible-core")
    name = f"ansible-core {version_of(place, 'ansible-core')}"
    templates, play = folder / "templates", folder / "play.yaml"
    write_templates(templates)
    home = {**SETTINGS, "ANSIBLE_HOME": str(folder / "home")}
    command = (str(place / "ansible-playbook"), str(play))

    def prepare(spec: Path, out: Path):
        text = PLAY.format(spec=spec, templates=templates, out=out, files=list(FILES))
        play.write_text(text, encoding="utf-8")
        compile_there = runner(*command, cwd=folder, env=home)

        def work() -> None:
            for path in out.iterdir():
                path.unlink()
            compile_there()

        return work

    (compiled,) = compare(name, DIFFERS, scale, folder, prepare, 1)
    yield compiled
    check = ("compile", "--check", "spec.yaml", "--out", "ours", *TARGETS)
    seconds = in_turns(
        1,
        {
            "ours": forgetful(runner(PROGRAM, *check, "--no-cache", cwd=folder), folder),
            "theirs": runner(*command, "--check", cwd=folder, env=home),
        },
    )
    yield Measurement(
        size=compiled.size,
        stage="check mode, nothing to change",
        value=seconds["ours"],
        beside=name,
        beside_value=seconds["theirs"],
        target=1,
        peer=True,
        differs=CHECK_DIFFERS,
    )
