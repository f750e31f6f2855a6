"""Generated requests against every dialect: each answer is one that the document describes."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from penguin_compile.sandbox.license_book import LicenseBook
from penguin_compile.sandbox.license_server import license_dialect
from penguin_compile.sandbox.server import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

SERVICE = {"name": "shop-api", "ip_fqdn": "api", "port": 8080, "cluster_id": 1}
USERS = {"admin@example.com": "password"}
CONFORMANCE = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture(params=["standard", "api-server", "license"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    users = USERS if request.param == "api-server" else None
    dialect = license_dialect(LicenseBook()) if request.param == "license" else request.param
    with Sandbox(dialect=dialect, users=users, record=False) as running:
        yield running


def log_in(sandbox: Sandbox) -> dict[str, str]:
    if sandbox.dialect.name == "license":
        return {"Authorization": "Bearer PENG-AAAA-BBBB-CCCC-DDDD-EEEE"}
    if sandbox.dialect.name == "standard":
        return {"Authorization": "Bearer key"}
    login = {"username": "admin", "password": "password"}
    url = f"{sandbox.url}/api/v1/auth/login"
    token = httpx.post(url, json=login, trust_env=False, verify=False).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_answers_are_as_described(sandbox: Sandbox, mode: GenerationMode) -> None:
    headers = log_in(sandbox)
    with requests.Session() as session:
        session.trust_env = False
        session.headers.update(headers)
        url = f"{sandbox.url}/api/openapi.json"
        # Like the real server's, its times have no zone, which no date-time of RFC 3339 lacks.
        document = session.get(url).text.replace(',"format":"date-time"', "")
        schema = schemathesis.openapi.from_dict(json.loads(document))
        session.post(f"{sandbox.url}/api/v1/services", json=SERVICE)
        asked = [
            ask(sandbox, session, operation, mode)
            for operation in (each.ok() for each in schema.get_all_operations())
            if mode is GenerationMode.POSITIVE or operation.body or operation.path_parameters
        ]
    assert len(asked) > 2
    assert all(asked)


def ask(sandbox: Sandbox, session: requests.Session, operation: Any, mode: GenerationMode) -> int:
    """Send generated requests of one operation, half of them to what exists; return how many."""
    numbers = itertools.count()
    wanted = list(CONFORMANCE)
    if sandbox.dialect.name != "api-server":
        wanted.append(not_a_server_error)
    # An import refuses item by item, in an answer of 200; unknown parameters are no error.
    if operation.body and mode is GenerationMode.NEGATIVE and "import" not in operation.path:
        wanted.append(checks.negative_data_rejection)

    @settings(
        max_examples=25,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode))
    def check(case: Any) -> None:
        if next(numbers) % 2 and mode is GenerationMode.POSITIVE:
            case.path_parameters = dict.fromkeys(case.path_parameters or {}, 1)
        response = case.call(base_url=sandbox.url, session=session)
        case.validate_response(response, checks=wanted)

    check()
    return next(numbers)
