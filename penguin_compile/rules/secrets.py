"""What looks like a secret: names that say so, formats of keys, and secrets that everyone knows.

All of it is guessing; a guess is told as an error, and `x-allow` overrules it. Nothing here returns
a text that it was given.
"""

# ruff: noqa: SIM905 (lists of words, one to a line, would bury the code)

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable
from functools import cache, lru_cache
from itertools import pairwise

from penguin_compile.rules.container_text import REPLACED

_SECRET_WORD = re.compile(
    r"(?:(?<![A-Za-z])pass|(?<=[_.-])pwd|passwords?|passwd|passphrase|secrets?(?:key)?|tokens?"
    r"|credentials?|api[_.-]?keys?|private[_.-]?key)(?![a-z])",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]+")
# what follows a secret's word where the value only describes the secret: TOKEN_ISSUER
_DESCRIPTIONS = frozenset(
    "algorithm audience backend bucket budget class count dir directory driver enabled endpoint "
    "engine expires expiration expiry field file folder format hasher hashing header hint host id "
    "ids issuer label length lifetime limit link location manager max message method min mode name "
    "page param path policy port prefix provider required reset rotation route rules scheme scope "
    "scopes size store subject template text through ttl type uri url version window".split()
)
_PUBLIC = frozenset(("public", "publishable"))
_NUMBER = re.compile(r"[-+]?[0-9][0-9_,.]*\Z")
_PATH = re.compile(r"(?:\.{0,2}/)?(?:[A-Za-z0-9._-]+/)+[A-Za-z0-9._-]+\.[a-z0-9]{2,5}\Z")
_MOUNT = re.compile(r"/(?:run|var|etc|opt|secrets|vault|mnt)/[A-Za-z0-9._/-]+\Z")
_NO_SECRETS = frozenset(("", "true", "false", "yes", "no", "on", "off", "none", "null", "disabled"))

_FORMATS = (
    ("a private key", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    ("a license key", r"\bPENG(?:-[A-Z0-9]{4}){5}\b"),
    ("an AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})"),
    ("a GitLab token", r"\bgl(?:pat|rt|dt|ptt)-[A-Za-z0-9_-]{20,}"),
    ("a Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("a Stripe key", r"\b(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{16,}"),
    ("a Google API key", r"\bAIza[0-9A-Za-z_-]{35}"),
    ("a SendGrid key", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("an AI provider's key", r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}"),
    ("a package registry's token", r"\b(?:npm_[A-Za-z0-9]{36}|pypi-AgEI[A-Za-z0-9_-]{40,})"),
    ("a Vault token", r"\bhv[sb]\.[A-Za-z0-9_-]{24,}"),
    ("a DigitalOcean token", r"\bdo[opr]_v1_[a-f0-9]{64}"),
    ("an age identity", r"\bAGE-SECRET-KEY-1[0-9A-Z]{50,}"),
    ("a signed token (JWT)", r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}"),
)
_PLACEHOLDER = re.compile(r"X{4}|x{4}|\*{3}|<[^>]*>|\.\.\.|\{\{")
_URL_PASSWORD = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s/@:?#]*:([^\s/@]+)@")
_REFERENCE = re.compile(r"\$\{[^}]*\}|\$[A-Za-z_][A-Za-z0-9_]*")

SHORTEST_KEY = 15  # characters; what is shorter is not judged by its randomness
_TOKEN = re.compile(r"[A-Za-z0-9+/_-]{24,512}={0,2}\Z")
_DIGEST_LENGTHS = frozenset((32, 40, 48, 56, 64, 96, 128))
_HEX = re.compile(r"[0-9a-fA-F]+\Z")
_KEY_WORDS = frozenset(("key", "salt", "seed", "hmac", "signing", "encryption"))
_KEY_KINDS = frozenset(("access", "encryption", "hmac", "jwt", "master", "signing"))
_NOT_KEYS = frozenset(
    "checksum commit digest etag fingerprint hash id integrity public publishable revision sha "
    "sha256 site uuid version".split()
)
_LEAST_ENTROPY = 3.7  # bits per character; base64 of 24 random bytes has 4.3 and more
_LEAST_CHANGES = 0.38  # of neighbours of different kinds; words in camel case have 0.1 to 0.25

_CHANGE_ME = (
    r"(?<![a-z])change[-_ ]?(?:me|this|it)(?![a-z])|(?<![a-z])change[-_ ]in[-_ ]prod"
    r"|\Adev[-_]secret[-_]key"
)
_INVITATION = (
    r"\A(?:your|my|dev|test|insert|replace|super)[-_ ]?(?:[a-z0-9]+[-_ ])*"
    r"(?:secret|pass|password|token|key|me)"
    r"|(?:secret|password|token|key)[-_ ](?:here|dev)(?![a-z])"
)
_KNOWN = frozenset(
    "123456 12345678 123456789 1234567890 admin admin123 administrator default demo dev example "
    "guest letmein minio minio123 minioadmin mysql pass passw0rd password password1 "
    "password123 postgres qwerty rabbitmq redis root root123 sa secret secret123 secretkey test "
    "test123 toor user welcome".split()
)
_EXAMPLE_KEY = re.compile(r"(?:0123456789abcdef)+[0-9a-f]*\Z|(.)\1{7,}\Z", re.IGNORECASE)
_LICENSE_KEY = re.compile(r"license[_.-]?key\Z", re.IGNORECASE)
_SEPARATOR = re.compile(r"[^A-Za-z0-9]")
_MOST_SEPARATORS = 0.1  # base64 has 3 of 100, UUIDs 11, words that hyphens join have more


SHORTEST_MARKED = 8  # characters of `changeme`: what is shorter is a secret only by its name
# what a text must have, in lower case, to be of one of the formats, or another sort of credential
_FORMAT_MARKS = (
    *("private key", "peng-", "akia", "asia", "_v1_", "age-secret-key", "eyj"),
    *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "glrt-", "gldt-", "glptt-"),
    *("xox", "k_live_", "k_test_", "whsec_", "aiza", "sg.", "sk-", "npm_", "pypi-", "hvs.", "hvb."),
)
_MARKS = ("@", "change", "dev-secret", "dev_secret", *_FORMAT_MARKS)
_SECRET_HINTS = ("pass", "secret", "token", "pwd", "credential", "api", "private")
_NAME_HINTS = ("key", "pass", "secret", "token", "pwd", "credential")


@cache
def _format() -> re.Pattern[str]:
    """Any of the formats. Few specs need it, and compiling it takes as long as a dozen rules."""
    return re.compile("|".join(f"({pattern})" for _, pattern in _FORMATS))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Likewise."""
    return re.compile(pattern, re.IGNORECASE)


def present_marks(texts: Iterable[str]) -> list[str]:
    """The marks of credentials that some of many texts has: mostly none, and nothing to do."""
    joined = "\n".join(texts).lower()
    return [mark for mark in _MARKS if mark in joined]


def has_mark(text: str, marks: Collection[str]) -> bool:
    """Whether a text has one of the marks."""
    lowered = text.lower()
    return any(mark in lowered for mark in marks)


@lru_cache(maxsize=4096)
def may_say_secret(name: str) -> bool:
    """Whether it is worth the time to ask what a name says."""
    lowered = name.lower()
    return any(hint in lowered for hint in _NAME_HINTS)


def says_secret(name: str) -> bool:
    """Whether a name says that its value is a secret: `db_pass`, `AUTH_APIKEY`, not `TOKEN_TTL`."""
    lowered = name.lower()
    if not any(hint in lowered for hint in _SECRET_HINTS):
        return False
    matches = list(_SECRET_WORD.finditer(name))
    if not matches:
        return False
    last = matches[-1]
    after = [word.lower() for word in _WORD.findall(name, last.end())]
    if not _DESCRIPTIONS.isdisjoint(after):
        return False
    return _PUBLIC.isdisjoint(_words(name[: last.start()]))


def is_secret_text(text: str) -> bool:
    """Whether a literal can be a secret at all: no number, no boolean, no path, not empty.

    Quotes around it, which a list of Compose keeps, are no part of it.
    """
    stripped = text.strip().strip("\"'")
    if stripped.lower() in _NO_SECRETS or REPLACED in text or _NUMBER.match(stripped):
        return False
    return not (_PATH.match(stripped) or _MOUNT.match(stripped))


def recognise_credential(text: str) -> str | None:
    """What a literal looks like by its form ("an AWS access key"), or None."""
    if "@" in text and _has_password(text):
        return "a URL with a password"
    match = _format().search(text) if has_mark(text, _FORMAT_MARKS) else None
    if match is None or match.lastindex is None or _PLACEHOLDER.search(match[0]):
        return None
    return _FORMATS[match.lastindex - 1][0]


def recognise_key(name: str, text: str) -> str | None:
    """What a literal looks like by its name and its randomness, or None."""
    if _LICENSE_KEY.search(name) and is_secret_text(text) and not _PLACEHOLDER.search(text):
        return "a license key"
    return "a random key" if _is_random(name, text) else None


def wants_change(text: str) -> bool:
    """Whether a text says that it is to be replaced: `changeme`, `dev-secret-key-…`."""
    return _compiled(_CHANGE_ME).search(text) is not None


def is_known_secret(name: str, text: str) -> bool:
    """Whether everyone knows it as a secret of that name: `admin` as somebody's password."""
    word = text.strip().lower()
    if word in _KNOWN or _compiled(_INVITATION).search(word):
        return says_secret(name) or _names_key(name, _KEY_KINDS)
    return _EXAMPLE_KEY.match(word) is not None and (says_secret(name) or _names_key(name))


def _has_password(text: str) -> bool:
    return any(
        REPLACED not in match[1]
        and not _PLACEHOLDER.search(match[1])
        and not _REFERENCE.search(match[1])
        for match in _URL_PASSWORD.finditer(text)
    )


def _words(name: str) -> set[str]:
    return {word.lower() for word in re.split(r"[^A-Za-z0-9]+", name)}


def _names_key(name: str, kinds: frozenset[str] = frozenset()) -> bool:
    words = _words(name)
    return "key" in words and (not kinds or not kinds.isdisjoint(words))


def _is_random(name: str, text: str) -> bool:
    """One token that no person wrote: digests, UUIDs, paths and words in camel case are not."""
    if not _TOKEN.match(text):
        return False
    words = _words(name)
    if not _NOT_KEYS.isdisjoint(words):
        return False
    named = not _KEY_WORDS.isdisjoint(words) or says_secret(name)
    stripped = text.rstrip("=")
    key = _SEPARATOR.sub("", stripped)
    if len(stripped) - len(key) > len(stripped) * _MOST_SEPARATORS:
        return False
    if _HEX.match(key):
        return named and len(key) in _DIGEST_LENGTHS and not _EXAMPLE_KEY.match(key)
    kinds = [_kind(one) for one in key]
    if not {"upper", "lower", "digit"} <= set(kinds) and not (named and "digit" in kinds):
        return False
    changes = sum(one != other for one, other in pairwise(kinds))
    return changes / len(key) >= _LEAST_CHANGES and _entropy(key) >= _LEAST_ENTROPY


def _kind(character: str) -> str:
    if character.isdigit():
        return "digit"
    return "upper" if character.isupper() else "lower"


def _entropy(text: str) -> float:
    """Shannon entropy in bits per character."""
    return -sum(
        count / len(text) * math.log2(count / len(text)) for count in Counter(text).values()
    )
