from __future__ import annotations

import json
from dataclasses import replace

import pytest

from penguin_compile.artifacts.check import check_artifacts
from penguin_compile.core.errors import PenguinError
from penguin_compile.model.deployed import has_feature
from tests.models import example_app, read_app, render

PATH = "license/entitlements.json"
TIERS = ("community", "professional", "enterprise")
# integration-standards, "License-Gating AI Features".
AI_FEATURES = {
    "ai_analysis": "professional",
    "ai_generation": "professional",
    "ai_training": "enterprise",
    "ai_custom_models": "enterprise",
}


def entitlements(app):
    artifact = render("license", app)[PATH]
    check_artifacts([artifact])
    return json.loads(artifact.text)


class Client:
    """The standard's client: it holds what the server said of a tier, and is asked by name."""

    def __init__(self, document, tier):
        (self.granted,) = (one for one in document["tiers"] if one["name"] == tier)

    def has_feature(self, name):
        return name in self.granted["features"]

    def allows(self, limit, used):
        stated = self.granted["limits"].get(limit, "unlimited")
        return stated == "unlimited" or used < stated


@pytest.mark.parametrize("tier", TIERS)
def test_a_client_is_granted_what_the_environment_of_that_tier_deploys(tier):
    app = example_app()
    client = Client(entitlements(app), tier)
    deployed = replace(app, environment=replace(app.environment, tier=tier))
    assert {one.name: client.has_feature(one.name) for one in app.license.features} == {
        one.name: has_feature(deployed, one.name) for one in app.license.features
    }


def test_the_examples_of_the_standard():
    document = entitlements(example_app())
    assert [one["name"] for one in document["tiers"]] == list(TIERS)
    assert {
        name: one["tier"] for name, one in document["features"].items() if one["ai"]
    } == AI_FEATURES
    community, professional, enterprise = (Client(document, tier) for tier in TIERS)
    assert community.granted["features"] == []
    assert (community.allows("users", 4), community.allows("users", 5)) == (True, False)
    assert professional.allows("users", 1_000_000)
    assert enterprise.granted["limits"] == {"users": "unlimited", "teams": "unlimited"}
    assert len(enterprise.granted["features"]) == len(document["features"]) == 9
    assert {name: document[name] for name in ("product", "server_url", "release_mode")} == {
        "product": "myapp",
        "server_url": "https://license.penguintech.io",
        "release_mode": False,
    }


def test_release_mode_is_the_environments():
    assert entitlements(example_app("prod"))["release_mode"] is True


SPEC = """
penguin: 1
app: {name: shop}
license:
  product: shop-suite
  tiers:
    free: {limits: {users: 0, teams: 1}}
    team: {limits: {seats: 9}}
    house: {limits: {teams: unlimited}}
  features: {größe: {tier: team}, base: {tier: free, description: "plain | & <b>"}}
"""


def test_limits_and_features_are_inherited_in_the_order_of_the_spec():
    document = entitlements(read_app(SPEC))
    assert [list(one["limits"].items()) for one in document["tiers"]] == [
        [("users", 0), ("teams", 1)],
        [("users", 0), ("teams", 1), ("seats", 9)],
        [("users", 0), ("teams", "unlimited"), ("seats", 9)],
    ]
    assert [one["features"] for one in document["tiers"]] == [
        ["base"],
        ["größe", "base"],
        ["größe", "base"],
    ]
    assert document["features"] == {
        "größe": {"tier": "team", "ai": False},
        "base": {"tier": "free", "ai": False, "description": "plain | & <b>"},
    }


def test_no_license_no_file():
    assert render("license", read_app("penguin: 1\napp: {name: bare}\n")) == {}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"limits": {"users": -1}}, "-1"),
        ({"limits": {"users": "infinite"}}, "infinite"),
        ({"features": ["a", "a"]}, "non-unique"),
    ],
)
def test_what_a_client_would_misread_is_not_written(wrong, told):
    artifact = render("license", read_app(SPEC))[PATH]
    document = json.loads(artifact.text)
    document["tiers"][0].update(wrong)
    with pytest.raises(PenguinError, match=told):
        check_artifacts([replace(artifact, text=json.dumps(document))])
