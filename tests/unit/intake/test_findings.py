"""What today's files contradict: each finding on files that are right and that are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.intake.examples import read_example
from penguin_compile.intake.findings import FINDINGS
from penguin_compile.intake.findings.inspection import inspect
from penguin_compile.intake.todays_files import find_todays_files, read_todays_files
from penguin_compile.report.diagnostics_text import render_diagnostics

CODES = list(FINDINGS)
EXAMPLES = Path(read_example.__code__.co_filename).with_name("findings") / "examples"


def found(folder: Path, files: Mapping[str, str], *, code: bool = False) -> list[Diagnostic]:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    evidence, problems = read_todays_files(
        find_todays_files(folder), code=folder if code else None, below=str(folder)
    )
    assert problems == []
    return inspect(evidence)


def of(code: str, findings: list[Diagnostic]) -> list[Diagnostic]:
    return [one for one in findings if one.code == code]


def only(code: str, findings: list[Diagnostic]) -> Diagnostic:
    (one,) = of(code, findings)
    return one


@pytest.mark.parametrize("code", CODES)
def test_right_files_are_let_through(code: str) -> None:
    assert of(code, list(read_example(code, "good").findings)) == []


@pytest.mark.parametrize("code", CODES)
def test_wrong_files_are_told_with_a_place(code: str) -> None:
    example = read_example(code, "bad")
    findings = of(code, list(example.findings))
    assert findings
    for one in findings:
        assert one.span.path in example.texts
        assert one.span.end > one.span.start
        assert one.severity in {FINDINGS.load(code).severity, Severity.INFO}


@pytest.mark.parametrize("code", CODES)
def test_a_finding_has_a_file_a_row_and_examples(code: str) -> None:
    module = FINDINGS.load(code).look.__module__.rpartition(".")[2]
    assert module.startswith(f"{code.lower()}_")
    assert sorted(one.name for one in EXAMPLES.iterdir()) == CODES


COMPOSE = "services:\n  api:\n    build: .\n    healthcheck: {test: [CMD, true]}\n"


def api(environment: str, more: str = "") -> dict[str, str]:
    return {"docker-compose.yml": f"{COMPOSE}    environment:\n{environment}{more}"}


def test_a_variable_twice_in_an_env_file(tmp_path: Path) -> None:
    env = "A_NAME=one\nOTHER=x\nA_NAME=two\n"
    one = only("PC501", found(tmp_path, {".env": env}))
    assert one.message == "A_NAME is set 2 times here, to different values"
    assert (one.span.line, one.related[0].span.line) == (3, 1)
    assert of("PC501", found(tmp_path, {".env": "A=one\nA=one\n"})) == []


def test_an_example_that_differs_from_composes_default_is_an_information(tmp_path: Path) -> None:
    files = api("      - PORT=${API_PORT:-5001}\n      - LEVEL=${LEVEL:-}\n")
    env = "API_PORT=4000\nLEVEL=info\n"
    one = only("PC501", found(tmp_path, {**files, ".env.example": env}))
    assert one.severity is Severity.INFO
    assert "API_PORT is 4000 in this example, and 5001 in docker-compose.yml" in one.message
    (tmp_path / ".env.example").unlink()
    assert of("PC501", found(tmp_path, {**files, ".env": env})) == []  # setting it is its purpose


def test_secrets_that_differ_are_told_without_their_values(tmp_path: Path) -> None:
    text = api("      A: ${DB_PASS:-canary-one-4711}\n      B: ${DB_PASS:-canary-two-4711}\n")
    findings = found(tmp_path, text)
    assert (
        only("PC501", findings).message == "DB_PASS falls back to 2 different values in this file"
    )
    assert "canary" not in render_diagnostics(findings)


@pytest.mark.parametrize(
    ("environment", "env"),
    [
        ("      A: ${USED:-1}\n", "USED=1\n"),
        ("      - USED\n", "USED=1\n"),
        ("      A: ${OTHER:-1}\n", "USED=1\nOTHER=${USED}\n"),
        ("      A: b\n    env_file: .env\n", "USED=1\n"),
        ("      A: b\n    env_file: [{path: ./.env, required: false}]\n", "USED=1\n"),
        ("      A: b\n", "COMPOSE_PROJECT_NAME=shop\n"),
    ],
)
def test_what_compose_reads_in_any_way_is_used(tmp_path: Path, environment: str, env: str) -> None:
    assert of("PC502", found(tmp_path, {**api(environment), ".env.example": env})) == []


def test_what_the_code_reads_is_used(tmp_path: Path) -> None:
    files = {**api("      A: b\n"), ".env.example": "USED=1\nIDLE=2\n"}
    code = {"app/main.py": 'import os\nos.environ["USED"]\n', "node_modules/x.js": "IDLE\n"}
    one = only("PC502", found(tmp_path, {**files, **code}, code=True))
    assert one.message == "IDLE is set here, and read by no Compose file and no code"


def test_what_the_code_asks_for_and_nobody_names(tmp_path: Path) -> None:
    code = (
        'import os\nos.environ["A_ONE"]\nos.getenv("B_TWO", "x")\nos.environ.get("NAMED")\n'
        'os.environ["HOME"]\n'
    )
    files = {**api("      NAMED: b\n"), "app/main.py": code, "web/app.ts": "process.env.C_THREE"}
    monkey = of("PC503", found(tmp_path, files, code=True))
    assert [one.message.partition(" are ")[0].partition(" is ")[0] for one in monkey] == [
        "A_ONE, B_TWO",
        "C_THREE",
    ]
    assert {one.severity for one in monkey} == {Severity.INFO}


def test_a_required_variable_stops_by_itself(tmp_path: Path) -> None:
    one = only("PC503", found(tmp_path, api("      A: ${NEEDED:?}\n")))
    assert (one.severity, one.message) == (
        Severity.INFO,
        "NEEDED is required, and no env file names it",
    )


def test_a_name_that_is_commented_out_is_declared(tmp_path: Path) -> None:
    files = {**api("      A: ${NEEDED}\n"), ".env.example": "# NEEDED=\n"}
    assert of("PC503", found(tmp_path, files)) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("DB_PASSWORD", "DB_PASS"),
        ("DATABASE_USERNAME", "DB_USER"),
        ("JWT_SECRET", "JWT_SECRET_KEY"),
        ("SMTP_SERVER", "SMTP_HOST"),
        ("REDIS_URI", "REDIS_URL"),
    ],
)
def test_two_names_for_one_thing(tmp_path: Path, one: str, other: str) -> None:
    files = {**api(f"      A: ${{{one}:?}}\n"), ".env.example": f"{other}=\n"}
    told = only("PC504", found(tmp_path, files))
    assert told.severity is Severity.WARNING
    assert f"sets {other}, and docker-compose.yml reads {one}" in told.message


@pytest.mark.parametrize(
    ("one", "other"),
    [("MINIO_ACCESS_KEY", "MINIO_SECRET_KEY"), ("DB_HOST", "DB_PORT"), ("SECRET_KEY", "SECRET")],
)
def test_names_that_only_look_alike(tmp_path: Path, one: str, other: str) -> None:
    files = {**api(f"      A: ${{{one}:?}}\n"), ".env.example": f"{other}=\n"}
    assert of("PC504", found(tmp_path, files)) == []


def test_the_variables_of_other_peoples_images_are_theirs(tmp_path: Path) -> None:
    text = (
        "services:\n  db:\n    image: mysql@sha256:abc\n    environment: {MYSQL_DATABASE: a}\n"
        "  web:\n    image: x@sha256:abc\n    environment: {MYSQL_DB: a}\n"
    )
    assert of("PC504", found(tmp_path, {"compose.yaml": text})) == []


def test_ports_clash_with_the_values_of_the_env_file(tmp_path: Path) -> None:
    text = (
        "services:\n"
        '  a: {build: ., ports: ["${A_PORT:-3000}:80"]}\n'
        '  b: {build: ., ports: ["${B_PORT:-3001}:80"]}\n'
        '  c: {build: ., ports: ["3000:80"], profiles: [x]}\n'
        '  d: {build: ., ports: ["127.0.0.1:5000:80", "127.0.0.2:5000:80", "5001:80/udp"]}\n'
        '  e: {build: ., ports: ["5001:80"]}\n'
    )
    findings = of("PC505", found(tmp_path, {"compose.yml": text, ".env": "B_PORT=3000\n"}))
    assert [one.message for one in findings] == [
        '"a" and "b" publish the same host port 3000, with the values of .env',
        '"a" and "c" publish the same host port 3000',
    ]
    assert {one.severity for one in findings} == {Severity.ERROR}


GATEWAY = '{{"services": [{{"name": "shop-api", "ip_fqdn": "{}", "port": {}}}]}}'


@pytest.mark.parametrize(
    ("host", "port", "told"),
    [
        ("api", 5000, None),
        ("api", 50051, None),  # said by a variable of its own
        ("api", 9, "listens on 5000, 50051"),
        ("shop-api-1", 5000, None),  # its container_name
        ("backend", 5000, None),  # an alias
        ("apii", 5000, "no Compose service is called so"),
        ("api.internal.example.com", 9, None),
        ("10.0.0.7", 9, None),
        ("quiet", 9, None),  # nobody says what it listens on
    ],
)
def test_upstreams_are_sought_among_the_services(
    tmp_path: Path, host: str, port: int, told: str | None
) -> None:
    text = (
        "services:\n  api:\n    build: .\n    container_name: shop-api-1\n"
        "    environment: [GRPC_PORT=50051]\n    ports: ['${P:-80}:5000']\n"
        "    networks: {default: {aliases: [backend]}}\n  quiet: {build: .}\n"
    )
    files = {"compose.yaml": text, "config/marchproxy/services.json": GATEWAY.format(host, port)}
    findings = of("PC506", found(tmp_path, files))
    assert [told in one.message for one in findings if told] == [True] * (told is not None)
    assert len(findings) == (told is not None)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("PRODUCT_NAME=project-template", True),
        ("DB=postgresql://a@b/project_template", True),
        ("NAME=your-app", True),
        ("NAME=my-projects", False),
        ("PROJECT_NAME=shop", False),
        ("NAME=__APP_NAME__", True),
        ("NAME=app_name", False),
        ("NAME=${PROJECT_NAME}", False),
    ],
)
def test_names_of_templates(tmp_path: Path, line: str, told: bool) -> None:
    assert bool(of("PC507", found(tmp_path, {".env": f"{line}\n"}))) is told


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DB_PASS", "${DB_PASS:-changeme}", "a default that everybody knows"),
        ("DB_PASS", "killkrill123", "holds a secret that is written here"),
        ("DB_PASS", "${DB_PASS:-}", None),
        ("DB_PASS", "${DB_PASS:?}", None),
        ("DB_PASS", '""', None),
        ("TOKEN_TTL", "3600", None),
        ("DB_PASS_FILE", "/run/secrets/db", None),
        ("LICENSE_KEY", "${LICENSE_KEY:-PENG-DEMO-DEMO-DEMO-DEMO-DEMO}", None),
        ("DB_URL", "redis://:${REDIS_PASSWORD:-password}@redis/0", "REDIS_PASSWORD falls back to"),
    ],
)
def test_secrets_with_a_published_default(
    tmp_path: Path, name: str, value: str, told: str | None
) -> None:
    findings = of("PC508", found(tmp_path, api(f"      - {name}={value}\n")))
    assert len(findings) == (told is not None)
    assert all(told is not None and told in one.message for one in findings)
    assert not any(one.severity is Severity.ERROR for one in findings)


def test_an_env_file_that_is_in_use_and_an_example(tmp_path: Path) -> None:
    text = "DB_PASS=changeme\nAPI_TOKEN=Zq8vR2mK5xW9tL3n\n"
    assert of("PC508", found(tmp_path, {".env.example": text})) == []
    (tmp_path / ".env.example").unlink()
    one = only("PC508", found(tmp_path, {".env": text}))
    assert one.message == "DB_PASS is still a default that everybody knows"


def test_images_and_checks_of_what_is_built_here_or_overlaid(tmp_path: Path) -> None:
    base = (
        "services:\n  api: {build: ., image: shop/api, healthcheck: {test: [CMD, a]}}\n"
        "  db: {image: 'postgres:16', healthcheck: {test: [CMD, a]}}\n"
        "  x: {image: 'registry:5000/x'}\n"
    )
    overlay = "services:\n  api: {build: {context: ., target: dev}}\n  db: {ports: ['1:1']}\n"
    files = {"docker-compose.yml": base, "docker-compose.dev.yml": overlay}
    findings = found(tmp_path, files)
    assert [one.message for one in of("PC509", findings)] == [
        "postgres:16: by tag, without a digest",
        "registry:5000/x is another image whenever its maker wants it: no tag stands for latest",
    ]
    assert [one.message for one in of("PC510", findings)] == ['"x" has no health check']


def test_shell_code_in_an_env_file_is_never_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    (tmp_path / ".env").write_text(f"A=$(touch {mark})\nB=`touch {mark}`\n")
    evidence, problems = read_todays_files(find_todays_files(tmp_path), below=str(tmp_path))
    inspect(evidence)
    assert not mark.exists()
    assert {one.code for one in problems} == {"PC553"}
