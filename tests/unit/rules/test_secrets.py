"""Guesses about secrets: what real apps write, and what only looks like it."""

# ruff: noqa: SIM905 (lists of words, one to a line, would bury the tests)

from __future__ import annotations

import base64
import random
import time

import pytest

from penguin_compile.rules.secrets import (
    has_mark,
    is_known_secret,
    is_secret_text,
    present_marks,
    recognise_credential,
    recognise_key,
    says_secret,
    wants_change,
)


@pytest.mark.parametrize(
    "name",
    "db_pass DB_PASS PGPASSWORD MYSQL_PWD AUTH_APIKEY API_KEY api.key SECRET_KEY clientSecret "
    "AWS_SECRET_ACCESS_KEY TLS_PRIVATE_KEY SECURITY_PASSWORD_SALT TOKEN_URL_SECRET "
    "password_reset_token GOOGLE_APPLICATION_CREDENTIALS JWT_SECRET_KEY session.secret".split(),
)
def test_names_that_say_secret(name: str) -> None:
    assert says_secret(name)


@pytest.mark.parametrize(
    "name",
    "COMPASS_URL BYPASS_CACHE PASSENGER TOKENIZER SECRETARY TOKEN_TTL JWT_TOKEN_EXPIRES_IN "
    "DB_PASSWORD_FILE PRIVATE_KEY_PATH PASSWORD_POLICY STRIPE_PUBLIC_API_KEY SECRET_NAME KEY PWD "
    "API_KEY_HEADER TOKEN_ISSUER AWS_ACCESS_KEY_ID sort_key monkey PASSWORDLESS "
    "stripe-public-api-key stripe.publishable_api_key".split(),
)
def test_names_that_only_sound_like_it(name: str) -> None:
    assert not says_secret(name)


def test_what_can_be_no_secret() -> None:
    for text in (
        "",
        " ",
        "3600",
        "1.5",
        "true",
        "None",
        "/run/secrets/db",
        "certs/a.pem",
        "a\0b",
        '""',
    ):
        assert not is_secret_text(text), text
    for text in ("hunter2", "letter", "/x", "a b"):
        assert is_secret_text(text), text


CREDENTIALS = {
    "an AWS access key": "AKIAIOSFODNN7EXAMPLE",
    "a license key": "PENG-AB12-CD34-EF56-GH78-IJ90",
    "a private key": "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n",
    "a GitHub token": "ghp_" + "a1B2" * 9,
    "a GitLab token": "glpat-" + "a1B2" * 5,
    "a Slack token": "xoxb-1234567890-abc",
    "a Stripe key": "sk_live_" + "a1B2" * 5,
    "a Google API key": "AIza" + "a1B2c" * 7,
    "a SendGrid key": "SG." + "a1B2" * 5 + "." + "a1B2" * 8,
    "an AI provider's key": "sk-proj-" + "a1B2" * 10,
    "a package registry's token": "npm_" + "a1B2" * 9,
    "a Vault token": "hvs." + "a1B2" * 7,
    "a DigitalOcean token": "dop_v1_" + "a1b2" * 16,
    "an age identity": "AGE-SECRET-KEY-1" + "A1B2" * 14,
    "a signed token (JWT)": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." + "a1B2" * 8,
    "a URL with a password": "redis://:hunter2@redis:6379/0",
}


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_forms_of_credentials(kind: str) -> None:
    text = f"--option={CREDENTIALS[kind]}"
    assert recognise_credential(text) == kind
    assert has_mark(text, present_marks([text])), "it would never be looked at"


@pytest.mark.parametrize(
    "text",
    [
        "PENG-XXXX-XXXX-XXXX-XXXX-ABCD",
        "postgresql://user@db:5432/app?a=b:c@d",
        "postgresql://user:${DB_PASS}@db/app",
        "postgresql://user:\0@db/app",
        "postgresql://user:<password>@db/app",
        "ghcr.io/a/b:1@sha256:" + "ab12" * 16,
        "-----BEGIN CERTIFICATE-----",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb9 a@b",
        "sk-learn and npm_config_cache, risk-based",
    ],
)
def test_what_only_looks_like_a_credential(text: str) -> None:
    assert recognise_credential(text) is None


def test_random_keys_are_told_from_what_people_write() -> None:
    source = random.Random(7)
    keys = [base64.b64encode(source.randbytes(32)).decode() for _ in range(200)]
    assert sum(recognise_key("ANYTHING", key) is not None for key in keys) > 180
    hexadecimal = source.randbytes(32).hex()
    assert recognise_key("ENCRYPTION_KEY", hexadecimal) == "a random key"
    assert recognise_key("GIT_REVISION", hexadecimal[:40]) is None
    for text in (
        "MyVeryLongServiceNameProduction2024",
        "Sha256WithRsa2048EncryptionAlgorithm",
        "my-app-v2-prod-eu-west-1-a-and-more",
        "America/Argentina/Buenos_Aires",
        "550e8400-e29b-41d4-a716-446655440000",
        "com/example/shop/OrderServiceV2Impl",
        "a sentence that is long enough to be judged",
    ):
        assert recognise_key("SIGNING_KEY", text) is None, text


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("ANYTHING", "aB3dE5gH7jK9mN1pQ3sT5vW7", True),
        ("ANYTHING", "aB3dE5gH7jK9mN1pQ3sT5vW", False),  # too short
        ("ANYTHING", "aB3dE5gH7jK9mN1pQ3sT5vW7" * 22, False),  # too long
        ("ANYTHING", "aB3dE5gH7jK9mN1pQ3+T5vW/==", True),  # padding is no separator
        ("ANYTHING", "aB3+E5gH-jK9m_1pQ3sT5v/7", False),  # people separate words
        ("ANYTHING", "gH3" * 9, False),  # little in it
        ("ANYTHING", "g1h2j3k4l5m6n7o8p9q0r1s2", False),  # could be anything
        ("SIGNING_KEY", "g1h2j3k4l5m6n7o8p9q0r1s2", True),
        ("SIGNING_KEY", "gHjKlMnOpQrStUvWxYzAbCdE", False),  # no digit
        ("SIGNING_KEY", "A50E8400-E29B-41D4-A716-446655440000", False),
    ],
)
def test_edges_of_random_keys(name: str, text: str, told: bool) -> None:
    assert (recognise_key(name, text) is not None) is told


def test_license_keys_are_told_by_name() -> None:
    assert recognise_key("LICENSE_KEY", "DEMO-1234-5678-90") == "a license key"
    assert recognise_key("LICENSE_KEY", "PENG-XXXX-XXXX-XXXX-XXXX-XXXX") is None


def test_published_defaults() -> None:
    for text in ("changeme", "change-me-in-production", "changeme123", "dev-secret-key-1"):
        assert wants_change(text), text
    for text in ("exchange-method", "changes", "dev-secrets", "interchange_item", "unchangeable"):
        assert not wants_change(text), text
    assert is_known_secret("DB_PASSWORD", "admin")
    assert is_known_secret("JWT_SECRET", "your_jwt_secret_key_here")
    assert is_known_secret("MANAGER_KEY", "0123456789abcdef" * 4)
    assert is_known_secret("S3_ACCESS_KEY", "minioadmin")
    assert not is_known_secret("ROLE", "admin")
    assert not is_known_secret("CACHE_KEY", "default")
    assert not is_known_secret("DB_PASSWORD", "k7#mQ2vX")


@pytest.mark.parametrize(
    "text",
    ["a" * 100_000 + "://@", "a:" * 50_000 + "@", "eyJ" * 40_000, "x-" * 50_000, "$" * 100_000],
)
def test_long_texts_take_no_time(text: str) -> None:
    started = time.perf_counter()
    recognise_credential(text)
    recognise_key("SIGNING_KEY", text)
    wants_change(text)
    is_known_secret("SIGNING_KEY", text)
    is_secret_text(text)
    says_secret(text)
    assert time.perf_counter() - started < 2
