"""Lines that complaints quote: no secret is left in them, and every place stays where it was."""

from __future__ import annotations

import pytest

from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.core.span import Source, Span
from penguin_compile.intake.hidden_secrets import hide_secrets

CANARY = "Canary-4711-swordfish"


def quoted(text: str) -> str:
    source = Source("file", text)
    finding = Diagnostic(code="PC502", severity=Severity.INFO, message="m", span=Span(source, 0, 1))
    (hidden,) = hide_secrets([finding])
    shown = hidden.span.source.text
    assert len(shown) == len(text)
    assert shown.count("\n") == text.count("\n")
    return shown


@pytest.mark.parametrize(
    "line",
    [
        f"DB_PASSWORD={CANARY}",
        f'DB_PASSWORD="{CANARY}"',
        f"export DB_PASSWORD='{CANARY}' # why",
        f"      DB_PASSWORD: {CANARY}",
        f'      "DB_PASSWORD": "{CANARY}",',
        f"      - DB_PASSWORD={CANARY}",
        f"      - 'DB_PASSWORD={CANARY}'",
        f"      A: ${{DB_PASSWORD:-{CANARY}}}",
        f"      environment: {{A: b, DB_PASSWORD: {CANARY}}}",
        f"DATABASE_URL=postgresql://user:{CANARY}@host/db",
        f"DATABASE_URL=redis://:{CANARY}@host/0",
        f"command: redis-server --requirepass {CANARY} --appendonly yes",
        f"command: server --admin-password={CANARY}",
        f'os.getenv("DB_PASSWORD", "{CANARY}")',
        f"FLEET_JWT_KEY={CANARY}",
    ],
)
def test_no_secret_is_left(line: str) -> None:
    assert "Canary" not in quoted(f"A=1\n{line}\nB=2\n")
    assert quoted(f"A=1\n{line}\nB=2\n").startswith("A=1\n")


@pytest.mark.parametrize(
    "line",
    [
        "THEME=dark",
        "TOKEN_TTL=3600",
        "DB_PASS_FILE=/run/secrets/db.txt",
        "      A: ${DB_PASSWORD:?}",
        "      A: postgresql://user:${DB_PASSWORD}@host/db",
        "    image: registry:5000/app:1.0",
        "DB_PASSWORD=",
    ],
)
def test_what_is_no_secret_stays(line: str) -> None:
    assert quoted(line) == line
