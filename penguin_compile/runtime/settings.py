"""The settings of a running app: typed, from database, environment and defaults, always current.

What an app opens at its start. A read is one look into a snapshot in memory; the watcher puts a
new snapshot in its place after a change.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from penguin_compile.core.errors import PenguinError
from penguin_compile.live.config.sealing import read_keyring
from penguin_compile.runtime.connection import require_driver
from penguin_compile.runtime.database_url import parse_url
from penguin_compile.runtime.manifest import read_manifest
from penguin_compile.runtime.resolution import Resolver, SettingMissing
from penguin_compile.runtime.snapshot import Reader, Snapshot, TypedSnapshot, Values, read_attribute
from penguin_compile.runtime.table import Rows
from penguin_compile.runtime.watcher import Watcher

_LOG: Final = logging.getLogger("penguin_compile.runtime")
URL_VARIABLE: Final = "DATABASE_URL"
_OPEN: Final[weakref.WeakSet[TypedSettings]] = weakref.WeakSet()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a callback is told: the keys whose values changed, and all values before and after."""

    keys: frozenset[str]
    before: Snapshot
    after: Snapshot


Callback = Callable[[Changed], object]


class TypedSettings(Reader):
    """What a generated `settings.pyi` declares the keys of; for apps it is `Settings`."""

    __slots__ = ("__weakref__", "_callbacks", "_lock", "_watcher")

    def __init__(self, resolver: Resolver) -> None:
        self.__dict__ = Values(resolver, {})
        self._watcher: Watcher | None = None
        self._callbacks: dict[object, tuple[Callback, frozenset[str]]] = {}
        self._lock = threading.Lock()

    def snapshot(self) -> TypedSnapshot:
        """All values of this moment, for reading several that belong together."""
        return Snapshot(self.__dict__)

    def on_change(self, callback: Callback, *keys: str) -> Callable[[], None]:
        """Call back after a change of these keys, or of any; what is returned ends that.

        Called in the thread that follows the table: an asyncio app hands it to its loop with
        `loop.call_soon_threadsafe`.
        """
        token = object()
        with self._lock:
            self._callbacks = {**self._callbacks, token: (callback, frozenset(keys))}

        def end() -> None:
            with self._lock:
                self._callbacks = {
                    one: entry for one, entry in self._callbacks.items() if one is not token
                }

        return end

    def refresh(self, timeout: float = 10.0) -> bool:
        """Look at the table now; whether it could be read within as many seconds."""
        return self._watcher is not None and self._watcher.refresh(timeout)

    def close(self, timeout: float = 10.0) -> None:
        """Follow no longer, after as many seconds at most. The values stay as they are."""
        if self._watcher is not None:
            self._watcher.stop(timeout)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _follow(self, watcher: Watcher) -> None:
        self._watcher = watcher
        _OPEN.add(self)
        watcher.look()
        watcher.start()

    def _publish(self, rows: Rows) -> None:
        before = self.__dict__
        if before.rows == rows:
            return
        after = Values(before.resolver, rows)
        self.__dict__ = after  # one assignment: a reader sees all of a change or nothing of it
        if self._callbacks:
            self._call_back(before, after)

    def _call_back(self, before: Values, after: Values) -> None:
        moved = {key for key, _ in before.rows.items() ^ after.rows.items()}
        keys = frozenset(key for key in moved if _differs(before, after, key))
        changed = Changed(keys=keys, before=Snapshot(before), after=Snapshot(after))
        for callback, wanted in self._callbacks.values():
            if not keys or (wanted and not wanted & keys):
                continue
            try:
                callback(changed)
            except Exception:  # noqa: BLE001  # an app's mistake must not end the following
                _LOG.exception("a callback of the settings failed")


class Settings(TypedSettings):
    """The settings of an app: `settings.smtp_port`, or `settings["api.key"]`."""

    __slots__ = ()

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...
        def snapshot(self) -> Snapshot:
            """All values of this moment, for reading several that belong together."""

    else:
        __getattr__ = read_attribute


def open_settings(
    manifest: str | Path,
    url: str | None = None,
    *,
    interval: float = 1.0,
    bootstrap: bool = True,
    notify: bool = True,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """The settings of the app whose compiled manifest this is, followed from now on.

    `url` is the database, else the variable DATABASE_URL; without one the environment and the
    defaults are all there is. `interval` is seconds between looks where the database doesn't tell
    of changes itself; `notify=False` puts no trigger into PostgreSQL, `bootstrap=False` writes
    nothing. A PenguinError tells of what waiting won't mend: no manifest, a URL that is none, no
    driver, malformed keys.
    """
    variables = dict(os.environ if environment is None else environment)
    resolver = Resolver(
        manifest=read_manifest(manifest),
        variables=variables,
        keyring=read_keyring(variables),
    )
    settings = Settings(resolver)
    stated = url or variables.get(URL_VARIABLE)
    if not stated:
        _LOG.warning("no database: %s is not set; environment and defaults it is", URL_VARIABLE)
        _tell_missing(settings, resolver)
        return settings
    parsed = parse_url(stated)
    require_driver(parsed)
    settings._follow(  # noqa: SLF001  # its own module
        Watcher(
            parsed,
            resolver,
            settings._publish,  # noqa: SLF001  # its own module
            interval=interval,
            bootstrap=bootstrap,
            notify=notify,
        )
    )
    _tell_missing(settings, resolver)
    return settings


def _tell_missing(settings: Settings, resolver: Resolver) -> None:
    """Required keys that have no value are told at the start, not when they are first needed."""
    for key, fields in resolver.manifest.fields.items():
        if fields.get("required"):
            try:
                settings[key]
            except SettingMissing as missing:
                _LOG.warning("%s", missing)


def _differs(before: Values, after: Values, key: str) -> bool:
    return bool(_value(before, key) != _value(after, key))


def _value(values: Values, key: str) -> object:
    try:
        value = values[key]
    except PenguinError:  # unknown, or required and missing
        return _NOTHING
    return type(value), value  # 1 is not true


_NOTHING: Final = object()


def _close_all() -> None:
    for one in list(_OPEN):
        one.close(timeout=1.0)


def _follow_in_child() -> None:
    for one in list(_OPEN):
        one._lock = threading.Lock()  # noqa: SLF001  # may have been held by another thread
        if one._watcher is not None:  # noqa: SLF001
            one._watcher.after_fork()  # noqa: SLF001


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_follow_in_child)
