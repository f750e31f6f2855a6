from __future__ import annotations

import json
from dataclasses import replace

import pytest

from penguin_compile.model.gateway_fields import gateway_routes, gateway_services
from tests.models import example_app, read_app, render


def standard_service(name, host, port, protocol, auth, path, interval):
    return {
        "name": name,
        "ip_fqdn": host,
        "port": port,
        "protocol": protocol,
        "collection": "myapp",
        "auth_type": auth,
        "tls_enabled": False,
        "health_check_enabled": True,
        "health_check_path": path,
        "health_check_interval": interval,
    }


# The examples of the standard's document, "MarchProxy API Gateway Integration".
SERVICES = [
    standard_service("myapp-flask-api", "flask-backend", 8080, "http", "jwt", "/healthz", 30),
    standard_service(
        "myapp-go-backend",
        "go-backend",
        50051,
        "grpc",
        "none",
        "/grpc.health.v1.Health/Check",
        10,
    ),
    standard_service("myapp-webui", "webui", 80, "http", "none", "/", 30),
]
MAPPINGS = [
    {
        "name": "myapp-external-api",
        "description": "External REST API access",
        "source_services": ["external"],
        "dest_services": ["myapp-flask-api"],
        "listen_port": 443,
        "protocol": "https",
        "path_prefix": "/api/v1",
    },
    {
        "name": "myapp-webui-access",
        "description": "WebUI frontend access",
        "source_services": ["external"],
        "dest_services": ["myapp-webui"],
        "listen_port": 443,
        "protocol": "https",
        "path_prefix": "/",
    },
]
METADATA = {"app_name": "myapp", "generated_by": "penguin-compile", "version": "1.4.0"}


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("marchproxy/services.json", {"services": SERVICES}),
        ("marchproxy/mappings.json", {"mappings": MAPPINGS}),
        (
            "marchproxy/import-config.json",
            {"services": SERVICES, "mappings": MAPPINGS, "metadata": METADATA},
        ),
    ],
)
def test_the_examples_of_the_standard(path, document):
    text = render("marchproxy", example_app())[path].text
    assert text == json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def test_no_services_and_text_that_is_not_ascii():
    app = read_app("penguin: 1\napp: {name: leer, version: 1.0.0-größer}\n")
    document = {
        "services": [],
        "mappings": [],
        "metadata": METADATA | {"app_name": "leer", "version": "1.0.0-größer"},
    }
    text = render("marchproxy", app)["marchproxy/import-config.json"].text
    assert text == json.dumps(document, indent=2, ensure_ascii=False) + "\n"


SPEC = """
penguin: 1
app: {name: shop}
services:
  web:
    port: 80
    tls: {enabled: true, verify: false}
    health_check: false
  feed: {port: 9000, protocol: tcp}
  sso: {port: 81, requires_feature: sso}
  saml: {port: 82, requires_feature: saml}
  cache: {gateway: false}
routes:
  all: {from: [external, saml, other/api], to: [web, saml]}
  only-saml: {from: [external], to: [saml]}
  from-saml: {from: [saml], to: [web]}
license:
  tiers: {community: {}, professional: {}, enterprise: {}}
  features: {sso: {tier: professional}, saml: {tier: enterprise}}
environments:
  free: {}
  prod: {tier: professional}
"""


def services_of(app):
    text = render("marchproxy", app)["marchproxy/services.json"].text
    return {one["name"]: one for one in json.loads(text)["services"]}


def test_fields_that_are_absent_are_left_out():
    services = services_of(read_app(SPEC, "free"))
    assert services["shop-web"] == {
        "name": "shop-web",
        "ip_fqdn": "web",
        "port": 80,
        "protocol": "http",
        "collection": "shop",
        "auth_type": "none",
        "tls_enabled": True,
        "tls_verify": False,
        "health_check_enabled": False,
    }
    assert list(services["shop-web"])[6:8] == ["tls_enabled", "tls_verify"]
    assert services["shop-feed"]["health_check_interval"] == 30
    assert "health_check_path" not in services["shop-feed"]


def test_a_tier_leaves_out_what_is_above_it():
    free, prod = read_app(SPEC, "free"), read_app(SPEC, "prod")
    assert list(gateway_services(free)) == ["web", "feed", "sso", "saml"]
    assert list(gateway_services(prod)) == ["web", "feed", "sso"]
    assert list(gateway_routes(free)) == ["all", "only-saml", "from-saml"]
    text = render("marchproxy", prod)["marchproxy/mappings.json"].text
    assert json.loads(text)["mappings"] == [
        {
            "name": "shop-all",
            "source_services": ["external", "other-api"],
            "dest_services": ["shop-web"],
        }
    ]


def test_a_feature_or_tier_that_is_unknown_leaves_nothing_out():
    app = read_app(SPEC, "prod")
    unknown = replace(app.environment, tier="platinum")
    assert "saml" in gateway_services(replace(app, environment=unknown))
    assert "saml" in gateway_services(replace(app, license=None))
