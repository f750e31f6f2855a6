"""One resource, three sides, one change."""

from __future__ import annotations

from typing import Any

import pytest

from penguin_compile.core.canonical import digest_text
from penguin_compile.model.address import Address
from penguin_compile.model.plan import Action, Change, ChangeClass
from penguin_compile.model.record import Base, Desired, Live, SecretState
from penguin_compile.model.setting import Manage, Unparsed
from penguin_compile.sync.comparison import Decision
from penguin_compile.sync.settlement import Resource, settle

THEME = Address("config", "theme")
API = Address("service", "myapp-api")


def row(value: Any, **more: Any) -> dict[str, Any]:
    return {"value": value, "type": "string", "category": "system", "sensitive": False, **more}


def resource(
    address: Address,
    base: dict[str, Any] | None,
    live: dict[str, Any] | None,
    desired: dict[str, Any] | None,
    *,
    manage: Manage = Manage.MERGE,
    owner: str | None = None,
    **more: Any,
) -> Change:
    known = None
    if base is not None:
        known = Base(
            address=address, fields=base, manage=manage, protected=False, revision=3, kept=None
        )
    return settle(
        Resource(
            address=address,
            base=known,
            live=None
            if live is None
            else Live(address=address, fields=live, digest="d1", owner=owner),
            desired=None
            if desired is None
            else Desired(
                address=address, fields=desired, pointer=("config", "theme"), manage=manage
            ),
            **more,
        )
    )


def test_a_new_key_is_created_with_all_its_fields() -> None:
    change = resource(THEME, None, None, row("light"))
    assert (change.klass, change.action) == (ChangeClass.CREATE, Action.CREATE)
    assert change.writes == change.ledger == row("light")
    assert change.precondition is None
    assert change.ledger_changes


def test_nothing_to_do_touches_nothing() -> None:
    change = resource(THEME, row("light"), row("light"), row("light"))
    assert (change.klass, change.action, change.ledger_changes) == (
        ChangeClass.UNCHANGED,
        Action.NONE,
        False,
    )


def test_a_kept_edit_stays_while_the_description_follows_the_spec() -> None:
    change = resource(
        THEME,
        row("light", description="old"),
        row("dark", description="old"),
        row("light", description="new"),
    )
    assert (change.klass, change.action) == (ChangeClass.UPDATE, Action.UPDATE)
    assert change.writes == {"description": "new"}
    assert change.ledger == row("light", description="new")


def test_a_conflict_writes_nothing_at_all_not_even_the_description() -> None:
    change = resource(
        THEME,
        row("light", description="old"),
        row("dark", description="old"),
        row("blue", description="new"),
    )
    assert (change.klass, change.action, change.writes) == (
        ChangeClass.CONFLICT,
        Action.NONE,
        None,
    )
    assert change.ledger == row("light", description="old")
    assert not change.ledger_changes


def test_a_seeded_key_of_others_stays_out_of_the_ledger() -> None:
    change = resource(THEME, None, row("dark"), row("light"), manage=Manage.SEED)
    assert (change.klass, change.ledger, change.ledger_changes) == (ChangeClass.LEFT, None, False)


def test_a_key_without_value_follows_the_spec_in_all_but_its_value() -> None:
    desired = {"type": "string", "category": "email", "sensitive": False}
    change = resource(THEME, None, row("dark"), desired)
    assert change.writes == {"category": "email"}
    assert "value" not in (change.ledger or {})
    absent = resource(THEME, None, None, desired)
    assert (absent.action, absent.ledger_changes) == (Action.NONE, False)


def test_a_new_type_that_a_kept_edit_does_not_fit_is_a_conflict() -> None:
    change = resource(
        THEME,
        row("1"),
        row(Unparsed("many")),
        row(1, type="integer"),
    )
    assert change.klass is ChangeClass.CONFLICT
    assert "integer" in change.reason


def test_showing_a_secret_in_clear_needs_a_decision() -> None:
    hidden = SecretState(stored="s")
    live = row(hidden, sensitive=True)
    change = resource(THEME, live, live, row("light"))
    assert change.klass is ChangeClass.CONFLICT
    decided = resource(THEME, live, live, row("light"), decision=Decision.USE_SPEC)
    assert decided.action is Action.UPDATE


def test_a_secret_that_is_known_at_apply_is_no_change() -> None:
    known = row(SecretState(fingerprint="f", stored="s"), sensitive=True)
    live = row(SecretState(stored="s"), sensitive=True)
    change = resource(THEME, known, live, row(SecretState(), sensitive=True))
    assert (change.klass, change.ledger_changes) == (ChangeClass.UNCHANGED, False)


def test_a_rotated_secret_is_an_update_once_it_is_resolved() -> None:
    known = row(SecretState(fingerprint="f", stored="s"), sensitive=True)
    live = row(SecretState(stored="s"), sensitive=True)
    change = resource(THEME, known, live, row(SecretState(fingerprint="g"), sensitive=True))
    assert (change.klass, change.action) == (ChangeClass.UPDATE, Action.UPDATE)
    assert all(one.sensitive for one in change.fields if one.path == "value")


def retyped(base: Any, live: Any, desired: Any, kind: str, **more: Any) -> Change:
    """A string that the spec makes another type; the row's text is read by the new one."""
    return settle(
        Resource(
            address=THEME,
            base=Base(
                address=THEME, fields=row(base), manage=Manage.MERGE, protected=False, revision=3
            ),
            live=Live(address=THEME, fields=row(live), digest="d1", read_as=kind),
            desired=Desired(address=THEME, fields=row(desired, type=kind), pointer=("config",)),
            **more,
        )
    )


def test_a_row_that_nobody_touched_follows_a_new_type_and_default() -> None:
    change = retyped("80", 80, 90, "integer")
    assert (change.klass, change.writes) == (ChangeClass.UPDATE, {"value": 90, "type": "integer"})
    same = retyped("80", 80, 80, "integer")
    assert (same.writes, same.ledger) == ({"type": "integer"}, row(80, type="integer"))
    edited = retyped("80", 8080, 90, "integer")
    assert (edited.klass, edited.ledger) == (ChangeClass.CONFLICT, row("80"))


def test_a_string_that_becomes_json_is_written_as_json() -> None:
    """`dark` is no JSON: an app would fail to read it, though the spec's value is the same."""
    change = retyped("dark", Unparsed("dark"), "dark", "json")
    assert change.writes == {"value": "dark", "type": "json"}


def test_a_text_that_is_no_json_is_not_the_json_string_of_the_same_letters() -> None:
    settled = row("dark", type="json")
    change = resource(THEME, settled, row(Unparsed("dark"), type="json"), settled)
    assert change.klass is ChangeClass.OVERRIDE_KEPT


@pytest.mark.parametrize("manage", [Manage.MERGE, Manage.ENFORCE])
def test_a_conflict_over_a_new_mode_is_not_forgotten_by_skipping_it(manage: Manage) -> None:
    """The entry keeps the old mode: else the next apply would overwrite the edit."""
    base = Base(address=THEME, fields=row("light"), manage=Manage.SEED, protected=False, revision=3)
    change = settle(
        Resource(
            address=THEME,
            base=base,
            live=Live(address=THEME, fields=row("dark"), digest="d1"),
            desired=Desired(address=THEME, fields=row("light"), pointer=("config",), manage=manage),
        )
    )
    assert (change.klass, change.ledger_changes) == (ChangeClass.CONFLICT, False)


def test_keeping_the_live_value_does_not_show_a_secret_in_clear() -> None:
    live = row(SecretState(stored="s"), sensitive=True)
    kept = resource(THEME, live, live, row("light"), decision=Decision.KEEP_LIVE)
    assert (kept.klass, kept.writes) == (ChangeClass.CONFLICT, None)
    without_value = {"type": "string", "category": "system", "sensitive": False}
    assert resource(THEME, live, live, without_value).klass is ChangeClass.CONFLICT


def test_a_default_that_becomes_a_secret_is_replaced_unless_it_was_edited() -> None:
    wanted = row(SecretState(fingerprint="f"), sensitive=True)
    there = SecretState(fingerprint="g", stored=digest_text("light"))
    change = resource(THEME, row("light"), row(there), wanted)
    assert (change.klass, change.action) == (ChangeClass.UPDATE, Action.UPDATE)
    edited = resource(THEME, row("blue"), row(there), wanted)
    assert (edited.klass, edited.action) == (ChangeClass.CONFLICT, Action.NONE)


def test_what_was_settled_stays_known_while_the_spec_has_no_value() -> None:
    """A run without keys for secrets sees none; the next one must still roll a new one out."""
    without_value = {"type": "string", "category": "system", "sensitive": False}
    change = resource(THEME, row("light"), row("light"), without_value)
    assert (change.action, change.ledger, change.ledger_changes) == (
        Action.NONE,
        row("light"),
        False,
    )


@pytest.mark.parametrize("manage", list(Manage))
def test_a_row_whose_value_was_never_ours_is_released_not_deleted(manage: Manage) -> None:
    described = {"type": "string", "category": "system", "sensitive": False}
    change = resource(
        THEME,
        described,
        row("theirs"),
        None,
        manage=manage,
        prune=True,
        decision=Decision.USE_SPEC,
    )
    assert (change.klass, change.action, change.ledger) == (ChangeClass.RELEASE, Action.NONE, None)


def test_an_enforced_key_that_is_gone_can_be_released() -> None:
    """The guard of protected keys says so."""
    change = resource(
        THEME,
        row("light"),
        row("light"),
        None,
        manage=Manage.ENFORCE,
        prune=True,
        decision=Decision.KEEP_LIVE,
    )
    assert (change.klass, change.action) == (ChangeClass.RELEASE, Action.NONE)


def test_a_row_without_a_type_is_no_edit_of_the_number_that_was_written() -> None:
    settled = {"value": 587}
    base = Base(address=THEME, fields=settled, manage=Manage.MERGE, protected=False, revision=3)
    live = Live(address=THEME, fields={"value": "587"}, digest="d1", read_as="string")
    gone = Resource(address=THEME, base=base, live=live, desired=None, prune=True)
    assert settle(gone).action is Action.DELETE


SERVICE = {"ip_fqdn": "api", "port": 8080}


def test_a_service_is_compared_field_by_field() -> None:
    change = resource(API, SERVICE, {**SERVICE, "port": 9}, {**SERVICE, "ip_fqdn": "new"})
    assert change.klass is ChangeClass.RESTORE
    assert change.writes == {"ip_fqdn": "new", "port": 8080}


def test_a_field_that_is_no_longer_stated_is_released_and_stays_live() -> None:
    change = resource(
        API, {**SERVICE, "tls_verify": True}, {**SERVICE, "tls_verify": True}, SERVICE
    )
    assert (change.action, change.ledger, change.ledger_changes) == (Action.NONE, SERVICE, True)


def test_a_foreign_service_of_our_name_is_a_conflict_until_somebody_decides() -> None:
    change = resource(API, None, SERVICE, SERVICE, owner="collection other")
    assert (change.klass, change.reason) == (ChangeClass.CONFLICT, "owned by collection other")
    taken = resource(
        API,
        None,
        {**SERVICE, "collection": "other"},
        {**SERVICE, "collection": "myapp"},
        owner="collection other",
        decision=Decision.USE_SPEC,
    )
    assert taken.writes == {"collection": "myapp"}


@pytest.mark.parametrize("live", [SERVICE, {**SERVICE, "port": 9}])
def test_a_service_that_left_the_spec_is_deleted_with_prune_alone(live: dict[str, Any]) -> None:
    kept = resource(API, SERVICE, live, None)
    assert (kept.action, kept.reason, kept.ledger) == (Action.NONE, "needs --prune", SERVICE)
    gone = resource(API, SERVICE, live, None, prune=True)
    assert (gone.action, gone.ledger, gone.ledger_changes) == (Action.DELETE, None, True)
    assert {one.path for one in gone.fields} == set(SERVICE)


def test_what_the_server_cannot_delete_is_told() -> None:
    change = resource(API, SERVICE, SERVICE, None, prune=True, deletable=False)
    assert (change.action, change.reason) == (Action.NONE, "this server can't delete it")
    assert change.ledger == SERVICE


LIGHT, DARK, BLUE = row("light"), row("dark"), row("blue")


def kept(
    base: dict[str, Any],
    live: dict[str, Any] | None,
    desired: dict[str, Any],
    mark: str | None,
    **more: Any,
) -> Change:
    """As `resource`, with a mark in the ledger."""
    known = Base(
        address=THEME,
        fields=base,
        manage=more.get("manage", Manage.MERGE),
        protected=False,
        revision=3,
        kept=mark,
    )
    return settle(
        Resource(
            address=THEME,
            base=known,
            live=None if live is None else Live(address=THEME, fields=live, digest="d1"),
            desired=Desired(address=THEME, fields=desired, pointer=(), manage=known.manage),
            decision=more.get("decision"),
        )
    )


def test_an_edit_that_a_person_keeps_is_marked_for_as_long_as_it_stands() -> None:
    first = kept(LIGHT, DARK, LIGHT, None, decision=Decision.KEEP_LIVE)
    assert first.kept is not None
    assert first.ledger_changes
    later = kept(LIGHT, DARK, LIGHT, first.kept)
    assert (later.kept, later.ledger_changes) == (first.kept, False)
    conflict = kept(LIGHT, DARK, BLUE, None, decision=Decision.KEEP_LIVE)
    assert conflict.kept == first.kept


@pytest.mark.parametrize("live", [LIGHT, BLUE, None], ids=["taken back", "another", "deleted"])
def test_the_mark_of_an_edit_that_is_gone_goes(live: dict[str, Any] | None) -> None:
    mark = kept(LIGHT, DARK, LIGHT, None, decision=Decision.KEEP_LIVE).kept
    change = kept(LIGHT, live, LIGHT, mark)
    assert (change.kept, change.ledger_changes) == (None, True)


def test_nothing_that_apply_writes_over_is_marked() -> None:
    decision = Decision.KEEP_LIVE  # which enforce has no place for
    change = kept(LIGHT, DARK, LIGHT, None, decision=decision, manage=Manage.ENFORCE)
    assert (change.klass, change.kept) == (ChangeClass.RESTORE, None)


def test_a_description_that_is_written_leaves_the_mark() -> None:
    mark = kept(LIGHT, DARK, LIGHT, None, decision=Decision.KEEP_LIVE).kept
    described = {**LIGHT, "category": "email"}
    change = kept(LIGHT, DARK, described, mark)
    assert change.writes == {"category": "email"}
    assert change.kept == mark
