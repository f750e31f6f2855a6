"""What a release leaves for later ones to be held to: `python -m tests.compatibility.record`.

Run once when a version is released, by that version; the folder is never written again.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import penguin_compile
from tests.compatibility.python_api import describe_api

HERE = Path(__file__).resolve().parent
GOLDEN = HERE.parent / "golden" / "specs"
SPEC = """\
penguin: 1
app: {name: shop, version: "1.0"}
config:
  theme: {default: light, description: Colours, check: {enum: [light, dark]}}
  page_size: {type: integer, default: 20, manage: enforce, description: Rows on a page}
  ratio: {type: number, default: 0.5, manage: seed}
  open: {type: boolean, default: true, protected: true}
  limits: {type: json, default: {a: [1, null]}}
  unset: {}
environments:
  dev: {database: {url: "sqlite:///shop.db"}}
"""


def main() -> None:
    folder = HERE / "releases" / penguin_compile.__version__
    folder.mkdir(parents=True)
    shutil.copytree(GOLDEN, folder / "specs")
    (folder / "api.json").write_text(json.dumps(describe_api(), indent=2) + "\n")
    shop = folder / "shop"
    (shop / "spec").mkdir(parents=True)
    (shop / "spec" / "shop.yaml").write_text(SPEC)
    run(shop, "plan", "--env", "dev", "--out", "plan.json")
    run(shop, "apply", "plan.json", "--yes")
    with closing(sqlite3.connect(shop / "shop.db")) as database:
        database.execute("UPDATE config SET config_value = 'dark' WHERE config_key = 'theme'")
        (shop / "applied.sql").write_text("\n".join(database.iterdump()) + "\n")
    (shop / "shop.db").unlink()
    shutil.rmtree(shop / ".penguin_cache", ignore_errors=True)


def run(folder: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "penguin_compile", "-C", str(folder), *arguments]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
