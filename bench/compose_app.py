"""The Compose file and env file of an app as large as the largest that was seen."""

from __future__ import annotations

from collections.abc import Iterator

_KINDS = (
    ("PORT", "{n}"),
    ("DB_HOST", "postgres"),
    ("LOG_LEVEL", "info"),
    ("FEATURE_EXPORT_{i}", "true"),
    ("MAX_ITEMS_{i}", "{n}"),
    ("API_TOKEN_{i}", "token-of-{i}-{n}"),
    ("SMTP_HOST_{i}", "mail{i}.example.com"),
    ("CACHE_TTL_{i}", "{n}"),
)


def make_compose_app(services: int = 44, variables: int = 343) -> tuple[str, str]:
    """Text of docker-compose.yml and of .env.example; every variable stands in both."""
    own = variables - services - 1  # each service has a port, and all share a password
    entries = list(_entries(services, own))
    lines = ["x-common: &common", "  restart: unless-stopped", "  networks: [mesh]", "services:"]
    for number in range(services):
        lines += _service(number, [one for one in entries if one[0] == number])
    lines += ["networks: {mesh: {driver: bridge}}", "volumes:"]
    lines += [f"  data{number}: {{driver: local}}" for number in range(0, services, 4)]
    env = ["# Settings of the app"]
    for number, name, value in entries:
        if number >= 0 and int(name.rsplit("_", 1)[-1]) % 5 == 0:
            env += ["", f"# What service {number} does with {name.lower()}"]
        env.append(f"{name}={value}")
    env += [f"HOST_PORT_{number}={20_000 + number}" for number in range(services)]
    env += ["", "# Password of the database", "DB_PASS=another-password"]
    return "\n".join(lines) + "\n", "\n".join(env) + "\n"


def _entries(services: int, variables: int) -> Iterator[tuple[int, str, str]]:
    for index in range(variables):
        kind, value = _KINDS[index % len(_KINDS)]
        name = f"{kind.format(i=index % 7)}_{index}"
        yield index % services, name, value.format(i=index, n=10_000 + index)


def _service(number: int, entries: list[tuple[int, str, str]]) -> list[str]:
    image = number % 4 == 0
    lines = [
        f"  # Service {number} of the app",
        f"  service-{number}:",
        "    <<: *common",
        "    image: postgres:16" if image else f"    build: {{context: ./services/s{number}}}",
        f'    ports: ["${{HOST_PORT_{number}:-{20_000 + number}}}:8080"]',
        "    healthcheck:",
        "      test: [CMD, curl, -f, http://localhost:8080/healthz]",
        "      interval: 30s",
        "    environment:",
        "      - DATABASE_URL=postgres://app:${DB_PASS:-database-password}@postgres/app",
        *(f"      - {name}=${{{name}:-{value}}}" for _, name, value in entries),
    ]
    if image:
        lines += ["    volumes:", f"      - data{number}:/data", "      - ./conf:/conf:ro"]
    else:
        lines += [
            "    depends_on:",
            f"      service-{number // 4 * 4}: {{condition: service_healthy}}",
        ]
    return lines
