"""Backend `config`: the rows of an app's config table, as the spec and as the database have them.

Plan asks it for DESIRED and LIVE; apply hands it changes inside the one transaction that also
holds their ledger entries.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from penguin_compile.core.errors import SecretUnavailable
from penguin_compile.core.secret import Masked, SecretReference
from penguin_compile.live.backend import Reading
from penguin_compile.live.config.database import Database
from penguin_compile.live.config.row import FIELD_COLUMNS, KIND, Interpreter, Row, Rows
from penguin_compile.live.config.sealing import (
    KEYS_VARIABLE,
    Keyring,
    Policy,
    choose_policy,
    fingerprint,
    read_keyring,
    seal,
)
from penguin_compile.live.config.table import SettingsTable
from penguin_compile.model.address import Address
from penguin_compile.model.app import App
from penguin_compile.model.plan import Change
from penguin_compile.model.record import VALUE, Desired, SecretState
from penguin_compile.model.setting import (
    JsonValue,
    Setting,
    SettingType,
    Unset,
    parse_stored,
    stored_text,
)
from penguin_compile.model.setting_fields import described_fields

if TYPE_CHECKING:
    from sqlalchemy import Connection

READING: Final = "reading table {}"


class ConfigBackend:
    """The config table of one app in one database.

    `salt` keys fingerprints of secrets. `resolve` turns references into values; without it, as
    in a plain plan, what the spec wants of a secret is not known. `secret_keys` are those that
    the ledger knows as secrets.
    """

    kinds: tuple[str, ...] = (KIND,)

    def __init__(
        self,
        database: Database | str,
        app: App,
        *,
        salt: bytes | None = None,
        resolve: Callable[[SecretReference], Masked] | None = None,
        secret_keys: Iterable[str] = (),
        keyring: Keyring | None = None,
    ) -> None:
        """DatabaseFailure for an URL that is none, SecretUnavailable for malformed keys."""
        self.database = Database(database) if isinstance(database, str) else database
        self.keyring = read_keyring() if keyring is None else keyring
        self.policy = choose_policy(app.environment.sensitive, self.keyring)
        self.settings = app.settings
        self.table = SettingsTable(app.outputs.config_table, self.database.describe())
        self._salt = salt
        self._resolve = resolve
        self.secret_keys = frozenset(secret_keys)

    def describe(self) -> str:
        """The database's URL without user, password and options."""
        return self.database.describe()

    def project(self, app: App, *, settled: Collection[str] = ()) -> Sequence[Desired]:
        """A row for each key of the spec; one that has no value says so by having no `value`.

        Without those that are known to be `settled`. SecretUnavailable where secrets are asked for
        and a required one can't be had.
        """
        return [
            self._desire(setting) for key, setting in app.settings.items() if key not in settled
        ]

    def fetch(self, keys: Collection[str] | None = None) -> Rows | None:
        """The whole table in one SELECT; None where it, or its database, is not there.

        Of `keys` alone where they are few.
        """
        with self.database.reading(READING.format(self.table.name)) as connection:
            return None if connection is None else self.table.read(connection, keys)

    def fetch_lines(self) -> list[str | None] | None:
        """The table as lines; None where there is none, or none that lines can tell."""
        with self.database.reading(READING.format(self.table.name)) as connection:
            if connection is None:
                return None
            return self.table.read_lines(connection, self.database.dialect)

    def read(self) -> Reading:
        """Everything that is there, as resources."""
        return self.interpret(self.fetch())

    def interpret(self, rows: Rows | None, *, settled: Collection[str] = ()) -> Reading:
        """Rows as resources, without those that are known to be `settled`."""
        interpreter = self.interpreter(self._salt)
        keys = sorted(key for key in rows or () if key not in settled)
        live = [] if rows is None else [interpreter.read(rows[key]) for key in keys]
        return Reading(
            live={one.address: one for one in live},
            notices=tuple(self._notices(missing=rows is None)),
        )

    def problems(self, changes: Iterable[Change]) -> list[str]:
        """What the table would refuse of a plan's changes; nothing where there is no table yet."""
        written = [one for one in changes if one.address.kind == KIND and one.writes is not None]
        if not written:
            return []
        with self.database.reading(READING.format(self.table.name)) as connection:
            if connection is None:
                return []
            return self.table.problems(connection, written, self._plain_text)

    def _plain_text(self, change: Change) -> str | None:
        setting = self.settings.get(change.address.name)
        value = (change.writes or {})[VALUE]
        return stored_text("string" if setting is None else setting.type, value)

    def close(self) -> None:
        """Give back connections."""
        self.database.close()

    def read_rows(
        self, connection: Connection, keys: Collection[str] | None = None
    ) -> Mapping[str, Row]:
        """The rows inside a transaction; of `keys` alone, it may be."""
        return self.table.read(connection, keys) or {}

    def interpreter(self, salt: bytes | None, secret_keys: Iterable[str] = ()) -> Interpreter:
        """What turns rows into resources, with fingerprints by that salt."""
        return Interpreter(
            settings=self.settings,
            secret_keys=self.secret_keys.union(secret_keys),
            keyring=self.keyring,
            salt=salt,
        )

    def protect(self, key: str, text: str) -> str:
        """A secret's text as its row holds it; SecretUnavailable without a key to seal it."""
        if self.policy is not Policy.ENCRYPT:
            return text
        if self.keyring is None:
            raise SecretUnavailable(
                f"config/{key} is to be stored encrypted, and there is no key",
                hint=f"set {KEYS_VARIABLE} to ID:BASE64 of 32 bytes, or `sensitive: skip` or "
                "`plaintext` in the environment",
            )
        return seal(self.keyring, key, text)

    def _desire(self, setting: Setting) -> Desired:
        secret = self._secrets.get(setting.key)
        fields: dict[str, Any] = {}
        value = self._value(setting, secret)
        if not isinstance(value, Unset):
            fields[VALUE] = value
        fields |= {
            name: one
            for name, one in described_fields(setting).items()
            if self.table.has(FIELD_COLUMNS[name])
        }
        return Desired(
            address=Address(KIND, setting.key),
            fields=fields,
            pointer=("config", setting.key),
            manage=setting.manage,
            protected=setting.protected,
            required=setting.required,
            secret=secret,
        )

    def _value(self, setting: Setting, secret: Masked | None) -> JsonValue | SecretState | Unset:
        if not setting.sensitive:
            return setting.default
        if self.policy is Policy.SKIP:
            return Unset()
        if self._resolve is None:
            return SecretState()
        if secret is None:
            return Unset()
        salt = self._salt
        return SecretState(fingerprint=None if salt is None else fingerprint(secret.reveal(), salt))

    @cached_property
    def _secrets(self) -> Mapping[str, Masked]:
        """The secrets that can be had, by key; SecretUnavailable names all that are missing."""
        if self._resolve is None or self.policy is Policy.SKIP:
            return {}
        found: dict[str, Masked] = {}
        missing: list[SecretUnavailable] = []
        for setting in self.settings.values():
            if not setting.sensitive or setting.secret is None:
                continue
            try:
                secret = self._resolve(setting.secret)
            except SecretUnavailable as error:
                if setting.required:
                    missing.append(error)
            else:
                found[setting.key] = _read_secret(setting, secret)
        if missing:
            message = "; ".join(one.message for one in missing)
            raise SecretUnavailable(message, hint=missing[0].hint)
        if found:
            self.protect(next(iter(found)), "")  # no key is told now, not amid the writes
        return found

    def _notices(self, *, missing: bool) -> Iterable[str]:
        if missing:
            yield f"table {self.table.name} will be created"
        if self.table.unwritten:
            listed = ", ".join(sorted(self.table.unwritten))
            yield (
                f"table {self.table.name} keeps {listed} in columns of another type: apply leaves"
                " them as they are"
            )
        secrets = [one for one in self.settings.values() if one.sensitive]
        if secrets and self.policy is Policy.SKIP:
            keys = ", ".join(one.key for one in secrets)
            yield f"sensitive settings are not written, the app reads their variables: {keys}"
        if self._resolve is None or self.policy is Policy.SKIP:
            return
        unset = [one for one in secrets if one.key not in self._secrets]
        if unset:
            listed = ", ".join(f"{one.key} ({one.secret})" for one in unset)
            yield f"secrets that are not set and not required: {listed}"


def _read_secret(setting: Setting, secret: Masked) -> Masked:
    """The secret as its row holds it before it is sealed: booleans and numbers in one spelling."""
    if setting.type is SettingType.STRING:
        return secret
    broken = False
    value: JsonValue = None
    try:
        value = parse_stored(setting.type.value, secret.reveal())
    except (ValueError, RecursionError):
        broken = True
    # Raised out here: the error that says why holds the value, and would come along as context.
    if broken:
        raise SecretUnavailable(
            f"the secret {setting.secret} of config/{setting.key} is no {setting.type.value}",
            hint="correct the value where it is kept",
        )
    if setting.type in {SettingType.BOOLEAN, SettingType.INTEGER}:
        return Masked(stored_text(setting.type, value))
    return secret
