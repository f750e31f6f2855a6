"""Whom a connection to the gateway trusts, and what it shows: TLS from environment variables.

`SSL_CERT_FILE` and `SSL_CERT_DIR` name the CAs, as for other programs. There is no such custom for
a client's certificate: `SSL_CLIENT_CERT_FILE` and `SSL_CLIENT_KEY_FILE` are ours.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from penguin_compile.core.errors import GatewayDenied

if TYPE_CHECKING:
    import ssl

CA_VARIABLES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_CERTIFICATE: Final = "SSL_CLIENT_CERT_FILE"
_KEY: Final = "SSL_CLIENT_KEY_FILE"
UNTRUSTED_HINT: Final = (
    "name the CA that signed its certificate: SSL_CERT_FILE=/path/to/ca.pem; --insecure trusts any"
)

UNKNOWN_HINT: Final = (
    "the server wants a certificate of its clients: SSL_CLIENT_CERT_FILE=/path/to/client.pem, and "
    "SSL_CLIENT_KEY_FILE where the key isn't in it"
)


def make_trust(*, insecure: bool) -> ssl.SSLContext:
    """The TLS of all connections; GatewayDenied where a named file is of no use."""
    import httpx

    try:
        context = httpx.create_ssl_context(verify=not insecure)
        certificate = os.environ.get(_CERTIFICATE)
        if certificate:
            # An encrypted key is refused: nobody is asked for its password.
            context.load_cert_chain(certificate, os.environ.get(_KEY) or None, password=lambda: "")
    except OSError as error:
        names = (*CA_VARIABLES, _CERTIFICATE, _KEY)
        named = ", ".join(f"{one}={os.environ[one]}" for one in names if os.environ.get(one))
        raise GatewayDenied(
            f"TLS can't be set up from {named or 'the environment'}: {error.strerror or error}",
            hint="each has to name a PEM file (SSL_CERT_DIR: a folder) that can be read",
        ) from None
    return context
