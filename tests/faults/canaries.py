"""Secrets to plant, and where to look for them: in clear, in every common coding, by pieces."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import URL

PIECE = 12  # characters: so much of a secret is a leak, too
PEM = (
    "-----BEGIN PRIVATE KEY-----\n"
    "PemLine1x7Qw2Er5Ty8Ui1Op4As7Df0Gh\n"
    "PemLine2k3Lz6Xc9Vb2Nm5Qw8Er1Ty4Ui\n"
    "-----END PRIVATE KEY-----"
)


def codings(secret: str) -> Iterator[str]:
    """A secret, its lines and its first characters, each as programs write them down."""
    parts = {secret, secret[:PIECE], *(line[:PIECE] for line in secret.split("\n"))}
    for part in parts - {"-----BEGIN P", "-----END PRI", ""}:
        yield part
        yield json.dumps(part)[1:-1]
        yield json.dumps(part, ensure_ascii=False)[1:-1]
        yield repr(part)[1:-1]
        yield quote(part)
        yield quote(part, safe="")
        yield quote_plus(part)
        raw = part.encode()
        yield raw.hex()
        yield raw.hex().upper()
        for shift in range(3):  # wherever it stands in a longer text
            coded = base64.b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4].decode()
            yield coded
            yield coded.translate(str.maketrans("+/", "-_"))


class Search:
    """Looks for planted secrets, by what they are."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._needles = {kind: set(codings(secret)) for kind, secret in secrets.items()}

    def text(self, given: str, besides: Iterable[str] = ()) -> list[str]:
        """The kinds of secrets that a text holds."""
        return [
            f"{kind} as {needle!r}"
            for kind, needles in self._needles.items()
            if kind not in besides
            for needle in needles
            if needle in given
        ]

    def folder(self, folder: Path, besides: Mapping[str, Iterable[str]]) -> list[str]:
        """The files that hold one; `besides` maps a file to the kinds that belong there."""
        return [
            f"{path.relative_to(folder)}: {found}"
            for path in sorted(folder.rglob("*"))
            if path.is_file()
            for found in self.text(
                path.read_bytes().decode("utf-8", "replace"),
                besides.get(str(path.relative_to(folder)), ()),
            )
        ]

    def database(self, url: URL, besides: Mapping[str, Iterable[str]]) -> list[str]:
        """The tables that hold one; `besides` maps a table to the kinds that belong there."""
        engine = create_engine(url)
        found: list[str] = []
        try:
            with engine.connect() as connection:
                for table in inspect(connection).get_table_names():
                    rows = connection.execute(text(f"SELECT * FROM {table}")).all()
                    shown = "\n".join(str(value) for row in rows for value in row)
                    found += [f"{table}: {one}" for one in self.text(shown, besides.get(table, ()))]
        finally:
            engine.dispose()
        return found


def behind(error: BaseException | None) -> str:
    """All that an error and the errors behind it hold: texts, arguments, attributes."""
    texts: list[str] = []
    while error is not None:
        texts += [str(error), repr(error), repr(error.args), repr(getattr(error, "__dict__", {}))]
        texts += [repr(getattr(error, name, "")) for name in ("object", "doc", "stdout", "stderr")]
        error = error.__cause__ or error.__context__
    return "\n".join(texts)
