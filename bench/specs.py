"""A spec of any size, made up: no two services, routes or keys alike."""

from __future__ import annotations

from pathlib import Path

from bench.processes import ROOT

_LIVE = """  bench:
    database: {url: "sqlite:///bench.db"}
"""


def make_example(lines: int, *, live: bool = False) -> str:
    """The example app with made-up config keys until it has so many lines.

    `live`: with one more environment, `bench`, that has a SQLite.
    """
    text = (ROOT / "spec" / "myapp.yaml").read_text(encoding="utf-8") + (_LIVE if live else "")
    missing = lines - text.count("\n")
    key = "  made_up_{0}: {{type: integer, category: system, description: Made up, default: {0}}}"
    made = "".join(f"{key.format(number)}\n" for number in range(missing))
    return text.replace("\nconfig:\n", f"\nconfig:\n{made}", 1)


def write_specs(folder: Path, count: int) -> None:
    """A folder of so many specs of apps of their own, small ones: their number is the subject."""
    folder.mkdir()
    text = make_spec(1, 1, 2)
    for number in range(count):
        own = text.replace("name: bench", f"name: bench-{number}", 1).replace(
            "path_prefix: /", f"path_prefix: /{number}/"
        )
        (folder / f"app-{number}.yaml").write_text(own, encoding="utf-8")


def make_spec(services: int, routes: int, settings: int) -> str:
    """YAML of one app with so many services, routes and config keys."""
    lines = ["penguin: 1", "app:", "  name: bench", '  version: "1.0.0"', "services:"]
    for number in range(services):
        lines += [
            f"  service-{number}:",
            f"    host: backend-{number}",
            f"    port: {1024 + number % 60000}",
            "    protocol: http",
            "    auth: jwt",
            "    tls: {enabled: false, verify: true}",
            f"    health_check: {{path: /healthz/{number}, interval: 30s}}",
            f"    config: {'none' if number else 'all'}",
            "    container:",
            f"      image: registry.example.com/team/service-{number}:1.{number}",
            "      restart: unless-stopped",
            f'      labels: {{team: "team-{number % 50}", tier: backend}}',
            "    environment:",
            "      MODE: production",
            f'      NUMBER: "{number}"',
        ]
    if routes:
        lines.append("routes:")
    for number in range(routes):
        lines += [
            f"  route-{number}:",
            f"    description: Route number {number} of the made-up app",
            "    from: [external]",
            f"    to: [service-{number % max(services, 1)}]",
            "    listen: {port: 443, protocol: https}",
            f"    path_prefix: /made/up/{number}",
        ]
    if settings:
        lines.append("config:")
    for number in range(settings):
        lines += [
            f"  key_{number}:",
            "    type: integer" if number % 3 else "    type: string",
            "    category: system",
            f"    description: Key number {number} of the made-up app",
            f"    default: {number}" if number % 3 else f'    default: "value {number}"',
        ]
    return "\n".join(lines) + "\n"
