"""Who gets in, what is refused, and that every refusal is told."""

from __future__ import annotations

import base64
import hmac
import json
import time

import pytest
from joserfc.jwk import ECKey, RSAKey

from penguin_compile.console.principal import Principal
from penguin_compile.console.sessions import LoginLimiter, Sessions
from tests.console.browsing import SESSION, Person, field
from tests.console.consoles import AUDIENCE, ISSUER, PASSWORD

CONFIG = "/api/v1/config"


def ask(console, token):
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return console.client.get(CONFIG, headers=headers)


def refusals(console):
    found = [one for one in console.audit() if one["action"] == "refused"]
    return [json.loads(one["after"])["fields"] for one in found]


def test_nobody_gets_in_without_credentials(console) -> None:
    answer = ask(console, None)
    assert (answer.status_code, answer.json()) == (401, {"error": "Authentication required"})
    assert answer.headers["www-authenticate"] == "Bearer"
    assert refusals(console)[-1]["reason"] == "no credentials"
    for method, path in (("PUT", f"{CONFIG}/theme"), ("DELETE", f"{CONFIG}/theme")):
        assert console.client.request(method, path, json={"value": "dark"}).status_code == 401
    assert console.client.get("/openapi.json").status_code == 401
    assert console.client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({}, 200),
        ({"roles": "user admin"}, 200),
        ({"roles": ["user"]}, 403),
        ({"roles": None}, 403),
        ({"roles": "administrator"}, 403),
        ({"roles": {"admin": True}}, 403),
        ({"iss": "https://other.example.com"}, 401),
        ({"aud": "another"}, 401),
        ({"aud": ["x", AUDIENCE]}, 200),
        ({"aud": None}, 401),
        ({"exp": int(time.time()) - 3600}, 401),
        ({"exp": None}, 401),
        ({"nbf": int(time.time()) + 3600}, 401),
        ({"sub": None}, 401),
    ],
)
def test_what_a_token_has_to_say(console, claims, status) -> None:
    assert ask(console, console.tokens.sign(**claims)).status_code == status
    if status == 403:
        assert refusals(console)[-1]["reason"] == "the role admin is missing"
        assert console.audit("console/refused")[-1]["actor"] == "ada@example.com"


def part(data):
    text = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def by_shared_secret(claims, public):
    """The public key taken for a secret that both sides share."""
    text = f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(claims)}"
    return f"{text}.{part(hmac.digest(public, text.encode(), 'sha256'))}"


def test_tokens_that_the_issuer_did_not_sign(console) -> None:
    tokens = console.tokens
    claims = tokens.claims()
    public = tokens.key.as_pem(private=False)
    other = ECKey.generate_key("P-256", {"kid": "one"})
    forged = [
        f"{part({'alg': 'none'})}.{part(claims)}.",
        f"{part({'alg': 'None', 'kid': 'one'})}.{part(claims)}.",
        tokens.sign(key=other),
        tokens.sign(key=RSAKey.generate_key(2048), header={"alg": "RS256"}),
        by_shared_secret(claims, public),
        tokens.sign(key=other, header={"jwk": other.as_dict(private=False)}),
        tokens.sign(key=other, header={"jku": f"{console.url}/evil.json"}),
        tokens.sign()[:-4] + "AAAA",
        "x",
        "a.b.c",
        "..",
        "é" * 10,
        "A" * 20_000,
    ]
    for token in forged:
        headers = {"Authorization": b"Bearer " + token.encode()}
        answer = console.client.get(CONFIG, headers=headers)
        assert answer.status_code == 401, token[:60]
        assert answer.json() == {"error": "Invalid token"}


def test_roles_may_be_nested(applied, tmp_path) -> None:
    from penguin_compile.console.options import RoleOptions
    from tests.console.consoles import running

    roles = RoleOptions(claim="realm_access.roles", admin="ops")
    with running(applied, tmp_path, roles=roles) as console:
        good = console.tokens.sign(realm_access={"roles": ["ops"]})
        assert ask(console, good).status_code == 200
        assert ask(console, console.tokens.sign()).status_code == 403


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"email": None}, "u-1"),
        ({"email": "eve@example.com", "email_verified": False}, "u-1"),
        ({"email": "penguin-compile"}, "user penguin-compile"),
        ({"email": "a\r\nb@example.com"}, "ab@example.com"),
        ({"email": "x" * 400}, "x" * 200),
    ],
)
def test_whom_the_audit_names(console, claims, name) -> None:
    headers = console.tokens.headers(**claims)
    body = {"value": "mail"}
    answer = console.client.put(f"{CONFIG}/smtp_host", json=body, headers=headers)
    assert answer.json()["updated_by"] == name
    assert console.audit("config/smtp_host")[-1]["actor"] == name


def test_the_local_admin_logs_in(local) -> None:
    someone = Person(local)
    wrong = someone.log_in(password="not the password")
    assert wrong.status_code == 401
    assert "Name or password is wrong" in wrong.text
    assert someone.log_in(name="other").status_code == 401
    answer = someone.log_in()
    assert answer.status_code == 303
    (cookie,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith(SESSION)]
    for word in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert word in cookie
    assert "Domain" not in cookie
    assert [one["reason"] for one in refusals(local)] == ["wrong name or password"] * 2
    assert PASSWORD not in json.dumps(local.audit(), default=str)


def test_programs_of_a_developer_use_basic(local, console) -> None:
    answer = local.client.get(CONFIG, auth=("dev", PASSWORD))
    assert answer.status_code == 200
    assert local.client.get(CONFIG, auth=("dev", "wrong")).status_code == 401
    # Where there is no local admin, there is no Basic.
    assert console.client.get(CONFIG, auth=("dev", PASSWORD)).status_code == 401


def test_too_many_failures_are_slowed_down(local) -> None:
    someone = Person(local)
    for _ in range(5):
        assert someone.log_in(password="wrong wrong wrong").status_code == 401
    late = someone.log_in()
    assert late.status_code == 429
    assert 0 < int(late.headers["retry-after"]) <= 900
    assert refusals(local)[-1]["reason"] == "too many failed logins"
    assert local.client.get(CONFIG, auth=("dev", PASSWORD)).status_code == 429


def test_a_limit_ends_and_is_of_each_name() -> None:
    now = [0.0]
    limiter = LoginLimiter(clock=lambda: now[0])
    for _ in range(5):
        limiter.failed(["from a", "as dev"])
    assert limiter.wait(["from b", "as dev"]) > 0
    assert limiter.wait(["from b", "as other"]) == 0
    now[0] = 901
    assert limiter.wait(["from a", "as dev"]) == 0


def test_sessions_end_by_themselves() -> None:
    now = [0.0]
    sessions = Sessions(clock=lambda: now[0])
    idle = sessions.begin(Principal(name="a"))
    now[0] = 31 * 60
    assert sessions.find(idle) is None
    busy = sessions.begin(Principal(name="a"))
    for _ in range(30):
        now[0] += 20 * 60
        found = sessions.find(busy)
    assert found is None
    assert sessions.find("") is None
    assert sessions.find("guessed") is None


def test_a_login_begins_a_new_session(local) -> None:
    someone = Person(local)
    someone.log_in()
    first = someone.cookies[SESSION]
    someone.cookies = {SESSION: "fixed-by-somebody"}
    someone.log_in()
    assert someone.cookies[SESSION] not in {first, "fixed-by-somebody"}


def test_forms_of_other_sites(local) -> None:
    someone = Person(local)
    someone.log_in()
    page = someone.get("/settings/theme").text
    etag, csrf = field(page, "etag"), field(page, "csrf")
    send = lambda **more: someone.ask("POST", "/settings/theme", **more).status_code  # noqa: E731
    assert send(data={"value": "dark", "etag": etag}) == 403
    assert send(data={"value": "dark", "etag": etag, "csrf": "x"}) == 403
    form = {"value": "dark", "etag": etag, "csrf": csrf}
    for headers in (
        {"Origin": "https://evil.example.com"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        assert send(data=form, headers=headers) == 403
    assert send(json=form) == 415
    reasons = {one["reason"] for one in refusals(local)}
    assert reasons == {"wrong CSRF token", "another origin"}
    assert send(data=form, headers={"Origin": local.url}) == 303
    login = {"name": "dev", "password": PASSWORD, "token": "x"}
    assert Person(local).ask("POST", "/login", data=login).status_code == 403


def test_a_session_may_use_the_api_with_its_token(local) -> None:
    someone = Person(local)
    someone.log_in()
    csrf = field(someone.get("/settings/theme").text, "csrf")
    assert someone.get(CONFIG).status_code == 200
    body = {"json": {"value": "dark"}}
    assert someone.ask("PUT", f"{CONFIG}/theme", **body).status_code == 403
    headers = {"X-CSRF-Token": csrf}
    assert someone.ask("PUT", f"{CONFIG}/theme", headers=headers, **body).status_code == 200


def test_a_local_admin_is_behind_no_proxy(local) -> None:
    for name in ("Forwarded", "X-Forwarded-For", "X-Real-IP"):
        answer = local.get(CONFIG, headers={name: "203.0.113.9"})
        assert answer.status_code == 403
        assert Person(local).get("/login", headers={name: "203.0.113.9"}).status_code == 403


def test_only_its_own_name_is_answered(console) -> None:
    for host in ("evil.example.com", "127.0.0.1", "localhost:1", "127.0.0.1:80@evil"):
        answer = console.get(CONFIG, headers={"Host": host})
        assert answer.status_code == 421
    port = console.url.rpartition(":")[2]
    assert console.get(CONFIG, headers={"Host": f"localhost:{port}"}).status_code == 200


def test_every_answer_is_protected(local) -> None:
    someone = Person(local)
    someone.log_in()
    paths = ("/login", "/settings", "/settings/nope", "/static/console.css", CONFIG, "/healthz")
    for path in paths:
        headers = someone.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "server" not in headers
    assert someone.get("/settings").headers["cache-control"] == "no-store"
    for page in ("/settings", "/settings/theme", "/login"):
        text = someone.get(page).text
        assert " style=" not in text
        assert "<style" not in text
        assert " onclick" not in text
        assert "<script>" not in text


def test_strangers_can_not_fill_the_audit(console) -> None:
    for _ in range(100):
        ask(console, "x")
    assert len(refusals(console)) == 60


def test_keys_at_an_url(applied, tmp_path) -> None:
    """Rotated keys are taken up; an issuer that is down is told."""
    from penguin_compile.console.options import JwtOptions
    from tests.console.consoles import running
    from tests.console.provider import small_server

    with small_server() as server:
        options = JwtOptions(issuer=ISSUER, audience=AUDIENCE, keys_url=f"{server.url}/jwks")
        with running(applied, tmp_path, jwt=options) as console:
            server.answers["/jwks"] = (200, console.tokens.file.read_text())
            assert ask(console, console.tokens.sign()).status_code == 200
        server.answers["/jwks"] = (302, "", {"Location": "/elsewhere"})
        server.answers["/elsewhere"] = (200, console.tokens.file.read_text())
        with running(applied, tmp_path, jwt=options) as console:
            assert ask(console, console.tokens.sign()).status_code == 503
            assert server.asked[-1] == "/jwks"
