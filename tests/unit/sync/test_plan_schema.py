"""Every change that can come out of the three-way comparison is one that the schema knows."""

from __future__ import annotations

from itertools import product
from typing import Any

import jsonschema_rs
import pytest

from penguin_compile.core.published_schema import read_schema
from penguin_compile.model.address import Address
from penguin_compile.model.plan import Change, FieldChange, Plan
from penguin_compile.model.record import Base, Desired, Live, SecretState
from penguin_compile.model.setting import Manage
from penguin_compile.sync.comparison import Decision
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.plan_check import find_problem
from penguin_compile.sync.plan_file import plan_data
from penguin_compile.sync.settlement import Resource, settle

SCHEMA = jsonschema_rs.validator_for(read_schema("plan.schema.json"))
ADDRESSES = (Address("config", "key"), Address("service", "shop-api"))
SECRETS = (SecretState(), SecretState(fingerprint="ab" * 32), SecretState(stored="cd" * 32))
VALUES = (None, "a", "b", SECRETS[1])


def plan_of(*changes: Change) -> Plan:
    return Plan(
        app="shop",
        environment="dev",
        protected=False,
        spec_digest="0" * 64,
        tool_version="0.1.0",
        created_at="2026-11-25T14:00:00+00:00",
        targets=(),
        changes=changes,
    )


def data_of(*changes: Change) -> dict[str, Any]:
    return plan_data(plan_of(*changes), "spec/shop.yaml", Decisions())


def fields(value: object) -> dict[str, Any]:
    secret = isinstance(value, SecretState)
    return {"value": value, "type": "string", "sensitive": secret}


@pytest.mark.parametrize("address", ADDRESSES, ids=str)
@pytest.mark.parametrize("manage", Manage)
def test_each_change_is_as_the_schema_says(address: Address, manage: Manage) -> None:
    seen = set()
    sides = product(VALUES, VALUES, VALUES, (None, *Decision), (False, True), (None, "other"))
    for base, live, desired, decision, prune, owner in sides:
        if base is live is desired is None:
            continue
        resource = Resource(
            address=address,
            base=None
            if base is None
            else Base(
                address=address, fields=fields(base), manage=manage, protected=False, revision=1
            ),
            live=None
            if live is None
            else Live(address=address, fields=fields(live), digest="1" * 64, owner=owner),
            desired=None
            if desired is None
            else Desired(address=address, fields=fields(desired), pointer=(), manage=manage),
            decision=decision,
            prune=prune,
        )
        change = settle(resource)
        seen.add(change.klass)
        assert find_problem(data_of(change)) is None, resource
    assert len(seen) > 8


@pytest.mark.parametrize("side", ["base", "live", "desired"])
@pytest.mark.parametrize("secret", SECRETS, ids=["unknown", "fingerprint", "stored"])
def test_beside_a_secret_no_value_is_shown_in_clear(side: str, secret: SecretState) -> None:
    sides: dict[str, Any] = {"base": secret, "live": secret, "desired": secret, side: "in clear"}
    change = Change(
        address=ADDRESSES[0],
        klass=settle_conflict().klass,
        action=settle_conflict().action,
        fields=(FieldChange(path="value", sensitive=True, **sides),),
    )
    data = data_of(change)
    assert "in clear" not in str(data)
    assert "cd" * 32 not in str(data), "a digest without a salt can be guessed"
    assert find_problem(data) is None


def settle_conflict() -> Change:
    address = ADDRESSES[0]
    return settle(
        Resource(
            address=address,
            base=Base(
                address=address,
                fields=fields("a"),
                manage=Manage.MERGE,
                protected=False,
                revision=1,
            ),
            live=Live(address=address, fields=fields("b"), digest="1" * 64),
            desired=Desired(address=address, fields=fields("c"), pointer=()),
        )
    )
