"""From a secret reference to its value: at apply, and where a person asked for secrets."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from penguin_compile.core.errors import SecretUnavailable
from penguin_compile.core.registry import Registry
from penguin_compile.core.secret import Masked, SecretReference

Scheme: TypeAlias = Callable[[str], str]

SCHEMES: Registry[Scheme] = Registry(
    "secret scheme",
    {"env": f"{__name__}:read_environment", "file": f"{__name__}:read_file"},
    group="penguin_compile.secrets",
)


def resolve_secret(reference: SecretReference) -> Masked:
    """The value that a reference stands for; SecretUnavailable says which one and what to do."""
    return Masked(SCHEMES.load(reference.scheme)(reference.rest))


def read_environment(name: str) -> str:
    """`env:NAME`: a variable of this process. An empty one counts as missing."""
    value = os.environ.get(name)
    if not value:
        raise SecretUnavailable(
            f"the secret env:{name} is not there: the environment variable {name} is not set",
            hint=f"set it for this command, as in: read -rs {name} && export {name}",
        )
    return value


def read_file(path: str) -> str:
    """`file:PATH`: the text of a file without its last line break."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SecretUnavailable(
            f"the secret file:{path} can't be read: {reason}",
            hint="relative paths start at the working directory; -C DIR changes it",
        ) from None
    return text.removesuffix("\n").removesuffix("\r")
