"""A gateway's collection read as services and routes, in every dialect, over real sockets."""

from contextlib import contextmanager

import pytest

from penguin_compile.core.errors import GatewayDenied, GatewayFailure, UsageError
from penguin_compile.core.secret import SecretReference
from penguin_compile.intake.found import FoundHealthCheck
from penguin_compile.intake.gateway import read_gateway
from penguin_compile.live.marchproxy.manners import Manners
from penguin_compile.model.environment import Gateway
from tests.live.gateway_harness import OPEN, SECRETS
from tests.live.test_marchproxy_tls import files, url

__all__ = ["files", "url"]

REFERENCE = SecretReference("env", "GATEWAY_SECRET")
KINDS = tuple(OPEN)
WITH_ROUTES = "standard"


@contextmanager
def opened(kind, monkeypatch):
    monkeypatch.setenv("GATEWAY_SECRET", SECRETS[kind])
    with OPEN[kind]() as server:
        yield server


def place(server, **fields):
    login = {"token": REFERENCE} if server.name == WITH_ROUTES else {"username": "admin"}
    if "username" in login:
        login["password"] = REFERENCE
    empty = dict.fromkeys(("cluster", "dialect", "token", "username", "password", "totp"))
    return Gateway(**{**empty, "protocol_map": {}, "url": server.url, **login, **fields})


@pytest.mark.parametrize("kind", KINDS)
def test_a_collection_is_read_in_whatever_dialect_it_speaks(kind, monkeypatch):
    with opened(kind, monkeypatch) as server:
        server.add(
            "shop-api",
            ip_fqdn="api.internal",
            port=8080,
            protocol="http",
            collection="shop",
            auth_type="jwt",
            health_check_enabled=True,
            health_check_path="/ready",
            health_check_interval=15,
        )
        server.add("shop-db", protocol="tcp", collection="shop")
        server.add("other-api", protocol="tcp", collection="other")
        found = read_gateway(place(server), "shop")
    assert found.app == "shop"
    assert found.gateway is not None
    api, database = found.services
    assert (api.name, api.registered, api.host, api.port) == (
        "api",
        "shop-api",
        "api.internal",
        8080,
    )
    assert (api.protocol, api.auth, api.tls_enabled) == ("http", "jwt", False)
    assert api.health_check == FoundHealthCheck(enabled=True, path="/ready", interval=15)
    assert (database.name, database.protocol) == ("db", "tcp")
    assert database.health_check is not None
    assert database.health_check.enabled is False
    assert api.place.source.line_text(api.place.line) == "service shop-api"


def test_mappings_become_routes_with_the_names_of_the_spec(monkeypatch):
    with opened("standard", monkeypatch) as server:
        for app in ("shop", "shop-admin"):
            server.add(f"{app}-api", protocol="http", collection=app)
        rows = [
            (
                "shop-public",
                ["external"],
                ["shop-api"],
                {"path_prefix": "/api", "listen_port": 443},
            ),
            ("shop-inner", ["shop-api", "shop-admin-api"], ["shop-api"], {"protocol": "https"}),
            ("shop-admin-public", ["external"], ["shop-admin-api"], {}),
            ("shop-stray", ["external"], ["shop-web"], {}),
        ]
        body = [
            {"name": name, "source_services": ends, "dest_services": to, "cluster_id": 1, **more}
            for name, ends, to, more in rows
        ]
        server._ask("POST", "/services/import", {"services": [], "mappings": body})
        found = read_gateway(place(server), "shop")
    assert [(one.name, one.sources, one.targets) for one in found.routes] == [
        ("inner", ("api", "shop-admin/api"), ("api",)),
        ("public", ("external",), ("api",)),
    ]
    assert (found.routes[1].path_prefix, found.routes[1].listen_port) == ("/api", 443)
    (finding,) = found.findings
    assert (finding.code, str(finding.severity)) == ("PC562", "warning")
    assert 'mapping shop-stray is left out: it leads to "shop-web"' in finding.message


@pytest.mark.parametrize("kind", KINDS)
def test_what_has_another_name_or_cluster_is_told_or_left(kind, monkeypatch):
    with opened(kind, monkeypatch) as server:
        server.add("legacy", protocol="tcp", collection="shop")
        server.add("shop-api", protocol="tcp", collection="shop")
        server.add("shop-far", protocol="tcp", collection="shop", cluster_id=2)
        found = read_gateway(place(server), None)
    assert [one.name for one in found.services] == ["api"]
    assert [one.message.split(":")[0] for one in found.findings] == ["service legacy is left out"]


@pytest.mark.parametrize("kind", ["api-server", "small"])
def test_what_is_deleted_there_is_told(kind, monkeypatch):
    with opened(kind, monkeypatch) as server:
        server.add("shop-api", protocol="tcp", collection="shop")
        server.add("shop-old", protocol="tcp", collection="shop")
        server.edit("shop-old", is_active=False)
        found = read_gateway(place(server), "shop")
    assert [one.name for one in found.services] == ["api"]
    assert [(one.code, one.message) for one in found.findings] == [
        ("PC563", "service shop-old is deleted there, and keeps its name")
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_which_app_is_asked_where_there_are_several(kind, monkeypatch):
    with opened(kind, monkeypatch) as server:
        with pytest.raises(UsageError, match="no service with a collection"):
            read_gateway(place(server), None)
        for app in ("shop", "blog"):
            server.add(f"{app}-api", protocol="tcp", collection=app)
        with pytest.raises(UsageError, match="which app") as caught:
            read_gateway(place(server), None)
        assert "--app NAME" in (caught.value.hint or "")
        assert "blog, shop" in (caught.value.hint or "")
        with pytest.raises(UsageError, match=r'no collection "shp"; did you mean "shop"\?$'):
            read_gateway(place(server), "shp")


@pytest.mark.parametrize("kind", KINDS)
def test_without_credentials_the_options_are_named(kind, monkeypatch):
    with opened(kind, monkeypatch) as server, pytest.raises(GatewayDenied) as caught:
        read_gateway(place(server, token=None, username=None, password=None), "shop")
    option = "--token-from env:" if kind == "standard" else "--username admin --password-from env:"
    assert (caught.value.hint or "").startswith(option)


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_credentials_are_told_without_them(kind, monkeypatch):
    with opened(kind, monkeypatch) as server:
        monkeypatch.setenv("GATEWAY_SECRET", "Wrong-canary-secret")
        with pytest.raises(GatewayDenied, match="doesn't accept the credentials") as caught:
            read_gateway(place(server), "shop")
    told = f"{caught.value.message} {caught.value.hint}"
    assert "Wrong-canary-secret" not in told
    assert "environments" not in told


@pytest.mark.parametrize("kind", ["api-server", "small"])
def test_a_poisoned_list_says_what_poisons_it(kind, monkeypatch):
    with opened(kind, monkeypatch) as server:
        server.add("shop-api", protocol="tcp", collection="shop")
        server.fail("GET", "500", times=9)
        with pytest.raises(GatewayFailure) as caught:
            read_gateway(place(server), "shop")
    assert "one row with a value" in (caught.value.hint or "")


def test_a_server_that_is_not_there_is_told_by_the_option(monkeypatch):
    monkeypatch.setenv("GATEWAY_SECRET", "x")
    nobody = type("Nobody", (), {"name": "standard", "url": "http://127.0.0.1:9"})
    with pytest.raises(GatewayFailure, match="no connection") as caught:
        read_gateway(place(nobody), "shop")
    assert "what --from-marchproxy names" in (caught.value.hint or "")
    nobody.url = "marchproxy"
    with pytest.raises(GatewayDenied, match=r"^--from-marchproxy is no URL"):
        read_gateway(place(nobody), "shop")


@pytest.mark.parametrize("given", ["right", "none", "wrong"])
def test_a_second_factor(given, monkeypatch):
    secret = "JBSWY3DPEHPK3PXP"
    monkeypatch.setenv("GATEWAY_TOTP", secret if given == "right" else "GEZDGNBVGY3TQOJQ")
    totp = None if given == "none" else SecretReference("env", "GATEWAY_TOTP")
    with opened("api-server", monkeypatch) as server:
        server.sandbox.accounts.users[0].totp_secret = secret
        server.add("shop-api", protocol="tcp", collection="shop")
        if given == "right":
            found = read_gateway(place(server, totp=totp), "shop")
            assert [one.name for one in found.services] == ["api"]
            assert found.gateway.totp == totp
            return
        with pytest.raises(GatewayDenied) as caught:
            read_gateway(place(server, totp=totp), "shop")
    told = f"{caught.value.message} {caught.value.hint}"
    assert "JBSWY" not in told
    assert "GEZDG" not in told
    if given == "none":
        assert "--totp-from env:MARCHPROXY_TOTP" in told


def test_tls_is_as_for_plan_and_apply(url, files, request, monkeypatch):
    monkeypatch.setenv("GATEWAY_SECRET", "x")
    here = type("Here", (), {"name": "standard", "url": url})
    if request.node.callspec.params["url"]:  # it wants a certificate of its client, too
        monkeypatch.setenv("SSL_CLIENT_CERT_FILE", str(files[0]))
        monkeypatch.setenv("SSL_CLIENT_KEY_FILE", str(files[1]))
    with pytest.raises(GatewayFailure) as caught:
        read_gateway(place(here), "shop")
    assert "SSL_CERT_FILE=/path/to/ca.pem; --insecure trusts any" in (caught.value.hint or "")
    with pytest.raises(GatewayFailure, match="no list of services"):
        read_gateway(place(here), "shop", Manners(insecure=True))
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    with pytest.raises(GatewayFailure, match="no list of services"):
        read_gateway(place(here), "shop")
