"""Scheme `credential:NAME`: what systemd's LoadCredential= put into $CREDENTIALS_DIRECTORY."""

import os
from pathlib import Path

from penguin_compile.core.errors import SecretUnavailable


class CredentialReader:
    """Made once in a run, called with the text after `credential:` of each reference."""

    def __init__(self) -> None:
        self._folder = Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nonexistent"))

    def __call__(self, name: str) -> str:
        """The credential's text."""
        path = self._folder / name
        if not path.is_file():
            raise SecretUnavailable(
                f"the secret credential:{name} is not there",
                hint=f"add LoadCredential={name} to the unit",
            )
        return path.read_text(encoding="utf-8")
