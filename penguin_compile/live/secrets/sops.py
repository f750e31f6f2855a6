"""`sops:FILE#KEY.PATH`: a value of a file that the program `sops` decrypts.

The cleartext comes through a pipe, so that it is in no file and no command line. What sops says
on its standard error is never shown: it may quote the file.
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any, Final

from penguin_compile.core.errors import SecretUnavailable
from penguin_compile.live.secrets.value import find_value, value_text

_SECONDS: Final = 60.0  # a cloud's key service may be slow; a person is not asked
_OURS: Final = ("PENGUIN_CONFIG_KEYS",)  # of no use to sops
_REASONS: Final = (
    ("non-existent file", "there is no such file", "relative paths start at the working directory"),
    ("permission denied", "this user may not read the file", "change its rights or the user"),
    ("metadata not found", "it isn't encrypted with sops", "encrypt it: sops encrypt -i FILE"),
    (
        "failed to get the data key",
        "none of this machine's keys opens it",
        "give sops its key, such as SOPS_AGE_KEY_FILE, or log in at its key service",
    ),
    ("mac mismatch", "it was changed without sops", "bring its last good version back from git"),
)


class SopsReader:
    """Decrypts each file once in a run."""

    def __init__(self) -> None:
        self._files: dict[str, Any] = {}

    def __call__(self, rest: str) -> str:
        """The value at a key of a file; SecretUnavailable where it can't be had."""
        path, _, key = rest.partition("#")
        if path not in self._files:
            self._files[path] = self._decrypt(path, f"sops:{rest}")
        try:
            found = find_value(self._files[path], key)
        except KeyError:
            found = None
        text = value_text(found)
        if not text:
            raise SecretUnavailable(
                f"the secret sops:{rest} is not there: {path} has no value at {key}",
                hint=f"set it: sops edit {path}",
            )
        return text

    def close(self) -> None:
        """Forget what was decrypted."""
        self._files.clear()

    def _decrypt(self, path: str, name: str) -> Any:
        done, problem = self._call(path)
        if done is None:
            raise SecretUnavailable(
                f"the secret {name} can't be read: {problem[0]}", hint=problem[1]
            )
        data = None
        if done.returncode == 0:
            try:
                data = json.loads(done.stdout)
            except ValueError:
                data = None
        # Raised out here: a decoding error holds all that was decrypted, and is no context to keep.
        if data is None:
            reason, hint = _explain(done, path)
            raise SecretUnavailable(f"the secret {name} can't be read: {reason}", hint=hint)
        return data

    def _call(self, path: str) -> tuple[Any, tuple[str, str]]:
        """What sops answered, or None and why there is no answer."""
        file = f"./{path}" if path.startswith("-") else path
        environment = {name: value for name, value in os.environ.items() if name not in _OURS}
        try:
            done = subprocess.run(  # noqa: S603 - no shell, and a path is no option
                ["sops", "decrypt", "--output-type", "json", file],  # noqa: S607 - as installed
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                env=environment,
                timeout=_SECONDS,
            )
        except FileNotFoundError:
            return None, (
                "the program sops is not installed",
                "install sops 3.9 or newer, or use another kind of reference",
            )
        except subprocess.TimeoutExpired:
            return None, (
                f"sops gave no answer within {_SECONDS:.0f} seconds",
                f"see what it waits for: sops decrypt {path} >/dev/null",
            )
        except OSError as error:
            return None, (
                f"sops can't be run: {error.strerror}",
                "is it a program for this system?",
            )
        return done, ("", "")


def _explain(done: Any, path: str) -> tuple[str, str]:
    said = done.stderr.decode("utf-8", "replace").lower()
    for words, reason, hint in _REASONS:
        if words in said:
            return f"{path}: {reason}", hint.replace(" FILE", f" {path}")
    return (
        f"sops ended with {done.returncode} for {path}",
        f"see why: sops decrypt {path} >/dev/null",
    )
