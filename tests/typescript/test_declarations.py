"""The declarations of target typescript, read by the real compiler."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.models import read_app, render
from tests.node_packages import installed_packages

SPEC = r"""
penguin: 1
app: {name: shop, version: "2.0.0"}
config:
  port: {type: integer, default: 25, description: "The port */ of ** mail"}
  host: {required: true}
  off: {type: boolean, default: false, description: "Zürich\n2nd line \u2028 end"}
  seats: {type: number}
  limits: {type: json}
  mail.from: {default: a}
  class: {default: a}
  api.key: {sensitive: true, secret: "env:API_KEY"}
"""
USE = """
import type { SettingKey, Settings } from "./settings";
declare const settings: Settings;
export const port: number = settings.port;
export const host: string = settings.host;
export const off: boolean = settings.off;
export const seats: number | null = settings.seats;
export const sender: string = settings["mail.from"] + settings.class;
export const limits: null = settings.limits === null ? settings.limits : null;
export const key: SettingKey = "mail.from";
"""
WRONG = """
import type { SettingKey, Settings } from "./settings";
declare const settings: Settings;
export const seats: number = settings.seats;
export const key: SettingKey = "api.key";
settings.port = 5;
"""


def check(compiler, folder, text):
    (folder / "use.ts").write_text(text)
    command = ["node", compiler, "--noEmit", "--strict", "--pretty", "false", "use.ts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return [line.partition(": ")[2] for line in done.stdout.splitlines()]


def test_the_compiler_knows_every_key_but_secrets(tmp_path):
    folder = installed_packages(Path(__file__).resolve().parent, "typescript")
    compiler = str(folder / "node_modules" / "typescript" / "bin" / "tsc")
    text = render("typescript", read_app(SPEC))["typescript/settings.d.ts"].text
    (tmp_path / "settings.d.ts").write_text(text, encoding="utf-8")
    assert check(compiler, tmp_path, USE) == []
    wrong = check(compiler, tmp_path, WRONG)
    assert [line.partition(":")[0] for line in wrong if line.startswith("error")] == [
        *("error TS2322", "error TS2322", "error TS2540")
    ]
    assert "api" not in text
