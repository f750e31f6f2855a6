"""A spec of any size, made up: no two services, routes or keys alike."""

from __future__ import annotations

from pathlib import Path


def lengthen_example(example: Path, lines: int) -> str:
    """The example app's spec, with more metrics until it has so many lines."""
    text = example.read_text(encoding="utf-8")
    mark = "    cache.misses: "
    more = lines - text.count("\n")
    metrics = [
        f"    jobs.done_{number}: {{type: counter, category: system}}\n" for number in range(more)
    ]
    return text.replace(mark, f"{''.join(metrics)}{mark}")


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
