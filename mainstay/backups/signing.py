"""Mainstay's own Ed25519 key: made on first use, sealed like every secret, and never shown. Its public half is."""

import base64
import secrets

from mainstay.catalogue.actions import make_secret
from mainstay.domain.certificate import public_of, sign

NAME = "MAINSTAY_CERTIFICATE_KEY"


def signature(text: str) -> str:
    """Of a canonical text; base64."""
    return sign(text, _private())


def public_key() -> str:
    """Base64; for those who verify elsewhere."""
    return public_of(_private())


def _private() -> bytes:
    return base64.b64decode(make_secret(NAME, base64.b64encode(secrets.token_bytes(32)).decode()))
