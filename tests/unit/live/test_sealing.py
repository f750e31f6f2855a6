import base64

import pytest

from penguin_compile.core.errors import SecretUnavailable
from penguin_compile.live.config.sealing import (
    Policy,
    choose_policy,
    fingerprint,
    is_sealed,
    read_keyring,
    seal,
    unseal,
)


def encode(byte):
    return base64.b64encode(byte * 32).decode()


OLD, NEW = f"old:{encode(b'o')}", f"new:{encode(b'n')}"


def keyring(*entries):
    return read_keyring({"PENGUIN_CONFIG_KEYS": ",".join(entries)})


def test_a_sealed_value_opens_with_its_key_and_in_its_row_alone():
    sealed = seal(keyring(NEW), "smtp_pass", "pä$$")
    assert sealed.startswith("enc:v1:new:")
    assert "pä" not in sealed
    assert unseal(keyring(NEW), "smtp_pass", sealed) == "pä$$"
    assert unseal(keyring(NEW), "other_pass", sealed) is None
    assert unseal(keyring(OLD), "smtp_pass", sealed) is None
    assert unseal(None, "smtp_pass", sealed) is None


def test_the_first_key_encrypts_and_all_decrypt():
    before = seal(keyring(OLD), "key", "value")
    both = keyring(NEW, OLD)
    assert seal(both, "key", "value").startswith("enc:v1:new:")
    assert unseal(both, "key", before) == "value"


def test_the_format_is_nonce_and_ciphertext_in_base64():
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    raw = base64.b64decode(seal(keyring(NEW), "key", "value").removeprefix("enc:v1:new:"))
    assert AESGCM(b"n" * 32).decrypt(raw[:12], raw[12:], b"key") == b"value"


def test_a_value_is_never_sealed_twice_the_same():
    assert seal(keyring(NEW), "key", "value") != seal(keyring(NEW), "key", "value")


@pytest.mark.parametrize("damaged", ["enc:v1:new:", "enc:v1:new:!!!", "enc:v1:new", "enc:v1:"])
def test_what_was_not_sealed_here_does_not_open(damaged):
    assert is_sealed(damaged)
    assert unseal(keyring(NEW), "key", damaged) is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("abc", "entry 1 has no id"),
        (f"{OLD},:{encode(b'x')}", "entry 2 has no id"),
        (f"short:{base64.b64encode(b'topsecret').decode()}", "the key short is not"),
        ("bad:top secret", "the key bad is not"),
        (f"{OLD},{OLD}", "the key old twice"),
    ],
)
def test_malformed_keys_are_told_without_showing_them(text, complaint):
    with pytest.raises(SecretUnavailable, match=complaint) as caught:
        keyring(text)
    shown = f"{caught.value.message} {caught.value.hint}"
    assert "secret" not in shown
    assert encode(b"x") not in shown
    assert encode(b"o") not in shown


def test_keys_are_not_in_the_keyrings_own_text():
    assert encode(b"n") not in repr(keyring(NEW))
    assert "nnnn" not in repr(keyring(NEW))


def test_the_default_is_to_encrypt_where_there_is_a_key():
    assert choose_policy(None, keyring(NEW)) is Policy.ENCRYPT
    assert choose_policy(None, None) is Policy.SKIP
    assert choose_policy("plaintext", keyring(NEW)) is Policy.PLAINTEXT


def test_a_fingerprint_depends_on_salt_and_value():
    one = fingerprint("value", b"salt")
    assert len(one) == 64
    assert one == fingerprint("value", b"salt")
    assert one != fingerprint("value", b"other")
    assert one != fingerprint("other", b"salt")


def keyring_file(folder, text, mode=0o600):
    path = folder / "keys"
    path.write_text(text)
    path.chmod(mode)
    return {"PENGUIN_CONFIG_KEYS_FILE": str(path)}


def test_a_keyring_file_has_a_key_on_each_line(tmp_path):
    ring = read_keyring(
        keyring_file(tmp_path, f"# of November\n{NEW}\n\n  {OLD} , x:{encode(b'x')}\n")
    )
    assert ring.first == "new"
    assert list(ring.keys) == ["new", "old", "x"]


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602])
def test_a_keyring_file_that_everybody_may_read_or_change_is_refused(tmp_path, mode):
    with pytest.raises(SecretUnavailable, match="everybody on this machine") as caught:
        read_keyring(keyring_file(tmp_path, NEW, mode))
    assert "chmod 600" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "complaint"), [("", "holds no key"), ("# none", "holds no key"), ("x", "has no id")]
)
def test_a_keyring_file_without_keys_is_told(tmp_path, text, complaint):
    with pytest.raises(SecretUnavailable, match=complaint):
        read_keyring(keyring_file(tmp_path, text))


def test_a_keyring_file_that_is_not_there_or_no_text_is_told(tmp_path):
    with pytest.raises(SecretUnavailable, match="No such file"):
        read_keyring({"PENGUIN_CONFIG_KEYS_FILE": str(tmp_path / "none")})
    variables = keyring_file(tmp_path, "")
    (tmp_path / "keys").write_bytes(b"\xffcanary")
    with pytest.raises(SecretUnavailable, match="not UTF-8") as caught:
        read_keyring(variables)
    assert caught.value.__context__ is None


def test_two_sources_of_keys_are_one_too_many(tmp_path):
    variables = keyring_file(tmp_path, OLD) | {"PENGUIN_CONFIG_KEYS": NEW}
    with pytest.raises(SecretUnavailable, match="both set"):
        read_keyring(variables)
