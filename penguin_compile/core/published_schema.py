"""The schemas of `schemas/`, which are published and which we hold our own files to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from penguin_compile.core.errors import PenguinError


def read_schema(uri: str) -> Any:
    """A schema of this project, by its file name or by an address that ends in it."""
    package = Path(__file__).parent.parent
    name = uri.rpartition("/")[2]
    # in a wheel the schemas are part of the package, in a checkout they stand beside it
    folders = (package / "schemas", package.parent / "schemas")
    path = next((folder / name for folder in folders if (folder / name).is_file()), None)
    if path is None:
        raise PenguinError(
            f"the schema {name} is missing from this installation",
            hint="install penguin-compile again",
        )
    return json.loads(path.read_text(encoding="utf-8"))
