"""Paths of files that stand elsewhere, from the folder of the project (under `intake/project.py`).

Which keys hold paths is known to `targets/compose_paths.py`; here each text keeps what is written.
"""

from __future__ import annotations

import posixpath

from penguin_compile.intake.interpolation import Resolved, raw_text
from penguin_compile.targets.compose_paths import ComposePaths


class SourcePaths(ComposePaths):
    """Rewrites paths in place. `prefix` leads from the project's folder to that of the file."""

    def path(self, text: str) -> str:
        """A path, value and raw text alike; a relative one begins with a dot afterwards."""
        if isinstance(text, Resolved):
            raw = raw_text(text)
            value = _shortest(super().path(str(text)), str(text))
            return Resolved(value, _shortest(super().path(raw), raw))
        return _shortest(super().path(text), text)

    def context(self, text: str) -> str:
        """A build context; an address stays what it is."""
        return self.path(text) if super().context(str(text)) != str(text) else text

    def short_volume(self, text: str) -> str:
        """`./data:/data`, value and raw text alike."""
        if not isinstance(text, Resolved):
            return self._short(text)
        return Resolved(self._short(str(text)), self._short(raw_text(text)))

    def _short(self, text: str) -> str:
        return _dotted(super().short_volume(text), text)


def _shortest(path: str, before: str) -> str:
    if path == before or "$" in path:
        return _dotted(path, before)
    return _dotted(posixpath.normpath(path), before)


def _dotted(path: str, before: str) -> str:
    return path if path == before or path.startswith((".", "/", "$", "~")) else f"./{path}"
