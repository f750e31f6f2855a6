"""From a secret reference to its value: at apply, and where a person asked for secrets.

A scheme is a provider: called once in a run, it returns what reads each reference's text after
`SCHEME:`. Packages bring more of them by the entry point group `penguin_compile.secrets`.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeAlias

from penguin_compile.core.errors import PenguinError, SecretUnavailable
from penguin_compile.core.registry import Registry
from penguin_compile.core.secret import Masked, SecretReference
from penguin_compile.core.suggestion import did_you_mean, list_names

Reader: TypeAlias = Callable[[str], str]
Provider: TypeAlias = Callable[[], Reader]

_LIVE: Final = "penguin_compile.live.secrets"

SCHEMES: Registry[Provider] = Registry(
    "secret scheme",
    {
        "env": f"{__name__}:EnvironmentReader",
        "file": f"{__name__}:FileReader",
        "sops": f"{_LIVE}.sops:SopsReader",
        "vault": f"{_LIVE}.vault:VaultReader",
    },
    group="penguin_compile.secrets",
)
_FORMS: Final = {
    "sops": (re.compile(r"[^#]+#[^#]+"), "sops:FILE#KEY.PATH"),
    "vault": (re.compile(r"[^/#]+/[^#]*[^/#]#[^#]+"), "vault:MOUNT/PATH#KEY"),
}


class Resolver:
    """The secrets of one run: each is asked for once, and forgotten at the end."""

    def __init__(self) -> None:
        self._readers: dict[str, Reader] = {}
        self._values: dict[SecretReference, Masked] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __call__(self, reference: SecretReference) -> Masked:
        """The value of a reference; SecretUnavailable says which one and what to do."""
        with self._lock:
            if reference not in self._values:
                self._values[reference] = self._read(reference)
            return self._values[reference]

    def close(self) -> None:
        """Forget all values, and give back connections."""
        for reader in self._readers.values():
            close = getattr(reader, "close", None)
            if close is not None:
                with suppress(Exception):  # what was read is read
                    close()
        self._readers.clear()
        self._values.clear()

    def _read(self, reference: SecretReference) -> Masked:
        scheme = reference.scheme
        broken = None
        value: object = None
        try:
            if scheme not in self._readers:
                self._readers[scheme] = SCHEMES.load(scheme)()
            value = self._readers[scheme](reference.rest)
        except PenguinError:
            raise
        except Exception as error:
            if SCHEMES.package(scheme) is None:
                raise
            broken = type(error).__name__  # its text may hold the value
        if broken is None and isinstance(value, str):
            return Masked(value)
        package = SCHEMES.package(scheme) or "penguin-compile"
        raise SecretUnavailable(
            f"the secret {reference} can't be read: the scheme {scheme} of the package {package} "
            + (f"failed ({broken})" if broken else "returned no text"),
            hint=f"mend or update {package}",
        )


def resolve_secret(reference: SecretReference) -> Masked:
    """One value, where there is no run to share it with."""
    with Resolver() as resolve:
        return resolve(reference)


def find_mistake(reference: SecretReference) -> str | None:
    """What is wrong with a reference as far as its text tells, None if nothing is."""
    scheme = reference.scheme
    if scheme not in SCHEMES:
        # The text before the colon is not shown: it may be a part of a value that was pasted here.
        near = did_you_mean(scheme, SCHEMES)
        return f"no such secret scheme; {near or f'there are: {list_names(SCHEMES)}'}"
    form = _FORMS.get(scheme)
    if form is None or form[0].fullmatch(reference.rest):
        return None
    return f"write {form[1]}"


def without_line_end(text: str) -> str:
    """A text without its last line break, which an editor put there and nobody meant."""
    return text.removesuffix("\n").removesuffix("\r")


class EnvironmentReader:
    """`env:NAME`: a variable of this process. An empty one counts as missing."""

    def __call__(self, name: str) -> str:
        """The variable's value."""
        value = os.environ.get(name)
        if not value:
            raise SecretUnavailable(
                f"the secret env:{name} is not there: the environment variable {name} is not set",
                hint=f"set it for this command, as in: read -rs {name} && export {name}",
            )
        return value


class FileReader:
    """`file:PATH`: the text of a file without its last line break."""

    def __call__(self, path: str) -> str:
        """The file's text."""
        text: str | None = None
        reason = ""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            reason = "it is not UTF-8 text"
        except OSError as error:
            reason = error.strerror or type(error).__name__
        # Raised out here: a decoding error holds the bytes, and would come along as context.
        if text is None:
            raise SecretUnavailable(
                f"the secret file:{path} can't be read: {reason}",
                hint="relative paths start at the working directory; -C DIR changes it",
            )
        return without_line_end(text)
