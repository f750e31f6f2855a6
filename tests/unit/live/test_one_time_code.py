"""TOTP, by the test vectors of RFC 6238 (appendix B, SHA-1), whose last six digits are ours."""

import base64

import pytest

from penguin_compile.live.marchproxy.one_time_code import one_time_code

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("now", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_vectors_of_the_rfc(now, code):
    assert one_time_code(SECRET, now) == code


def test_a_secret_as_people_copy_it():
    spaced = " ".join(SECRET[at : at + 4] for at in range(0, len(SECRET), 4)).lower()
    assert one_time_code(spaced, 59.9) == "287082"
    assert one_time_code("JBSWY3DPEE======", 0) == one_time_code("JBSWY3DPEE", 0)


@pytest.mark.parametrize("secret", ["", "123456", "JBSWY3DP!", "é"])
def test_what_is_no_base32(secret):
    with pytest.raises(ValueError, match=r".*"):
        one_time_code(secret, 0)
