"""GitHub's steps, run here: the shell commands of a composite action, in their order.

Knows of GitHub's expressions what action.yml uses: names, texts, `==`, `&&`, `||`, `format`.
`uses:` steps are not run; artifacts are kept in a folder, as GitHub keeps them between jobs.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
ACTION: dict[str, Any] = YAML(typ="safe").load((ROOT / "action.yml").read_text(encoding="utf-8"))
_TOKEN = re.compile(r"'[^']*'|[\w.-]+|==|&&|\|\||[(),]|\S")
_WORDS = {"&&": "and", "||": "or", "==": "==", "(": "(", ")": ")", ",": ","}


def evaluate(expression: str, names: Mapping[str, Any]) -> Any:
    """The value of an expression; a name that is not there is an empty text, as on GitHub."""

    def look_up(name: str) -> Any:
        value: Any = names
        for part in name.split("."):
            value = value.get(part, "") if isinstance(value, Mapping) else ""
        return value

    words = []
    for token in _TOKEN.findall(expression):
        if token.startswith("'") or token in _WORDS:
            words.append(_WORDS.get(token, token))
        elif token == "format":
            words.append("fill")
        else:
            words.append(f"look_up({token!r})")
    known = {"look_up": look_up, "fill": lambda text, *values: text.format(*values)}
    return eval(" ".join(words), {"__builtins__": {}}, known)


def fill(text: str, names: Mapping[str, Any]) -> str:
    return re.sub(r"\$\{\{(.+?)\}\}", lambda one: str(evaluate(one[1], names)), text)


@dataclass
class Job:
    """One job: its folder, event and environment; `said` is what each step printed."""

    folder: Path
    github: dict[str, Any]
    environment: dict[str, str]
    artifacts: Path
    said: dict[str, str] = field(default_factory=dict)

    def use_action(self, **given: str) -> int:
        """The exit code of the step that failed, or 0."""
        inputs = {
            name: fill(str(one.get("default", "")), {"github": self.github})
            for name, one in ACTION["inputs"].items()
        } | given
        names: dict[str, Any] = {"inputs": inputs, "github": self.github, "steps": {}}
        for number, step in enumerate(ACTION["runs"]["steps"]):
            if step.get("id") == "install" or "setup-python" in step.get("uses", ""):
                continue
            if not evaluate(step.get("if", "'always'"), names):
                continue
            if "uses" in step:
                self._move(step, names)
                continue
            code = self._run(step, names, number)
            if code:
                return code
        return 0

    def _move(self, step: Mapping[str, Any], names: Mapping[str, Any]) -> None:
        name = fill(step["with"]["name"], names)
        path = self.folder / fill(step["with"]["path"], names)
        if "upload-artifact" in step["uses"]:
            self.artifacts.mkdir(exist_ok=True)
            shutil.copy(path, self.artifacts / name)
        else:
            shutil.copy(self.artifacts / name, path / names["inputs"]["plan"])

    def _run(self, step: Mapping[str, Any], names: dict[str, Any], number: int) -> int:
        output = self.folder / f".output-{number}"
        output.touch()
        own = {key: fill(str(value), names) for key, value in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=self.folder / fill(step.get("working-directory", "."), names),
            env=os.environ | self.environment | own | {"GITHUB_OUTPUT": str(output)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        told = dict(line.split("=", 1) for line in output.read_text().splitlines())
        output.unlink()
        names["steps"][step.get("id", step["name"])] = {"outputs": told}
        self.said[step["name"]] = done.stdout + done.stderr
        return done.returncode
