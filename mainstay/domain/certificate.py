"""The certificate of a proof: canonical JSON under an Ed25519 signature, verified without Mainstay's data."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from mainstay.domain.saying import say

FORM = "mainstay-certificate-1"
_KEY = 32


class Untrue(ValueError):
    """The file is no certificate, or not as it was signed; ``str()`` says which."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was signed, and the key that signed it; ``known`` is False where the reader named no key to expect."""

    document: Mapping[str, Any]
    key: str
    known: bool


def canonical(document: Mapping[str, Any]) -> str:
    """One text for one meaning: sorted keys, no spaces, no floats. TypeError for what would not come back alike."""
    _plain(document)
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _plain(value: Any) -> None:
    if isinstance(value, Mapping):
        for key, child in value.items():
            if not isinstance(key, str):
                raise TypeError(f"the key {key!r} is no text")
            _plain(child)
    elif isinstance(value, list | tuple):
        for child in value:
            _plain(child)
    elif value is not None and not isinstance(value, str | bool | int):
        raise TypeError(f"{type(value).__name__} does not come back alike everywhere; write it as text or whole number")


def exact(value: Any) -> Any:
    """The value with its floats as text, their shortest form; everything else as it is, what is unknown as text."""
    if isinstance(value, Mapping):
        return {str(key): exact(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [exact(child) for child in value]
    return value if value is None or isinstance(value, str | bool | int) else str(value)


def sign(text: str, private: bytes) -> str:
    """The signature of a canonical text by a private key of 32 bytes; base64."""
    return base64.b64encode(Ed25519PrivateKey.from_private_bytes(private).sign(text.encode())).decode()


def public_of(private: bytes) -> str:
    """The public key of a private one; base64."""
    return base64.b64encode(Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()).decode()


def key_id(public: str) -> str:
    """What people compare: the first 32 of the key's SHA-256, in groups of four."""
    found = hashlib.sha256(_bytes(public, _KEY)).hexdigest()[:32]
    return " ".join(found[at : at + 4] for at in range(0, 32, 4))


def sealed(text: str, signature: str, public: str) -> str:
    """The file: readable, and with all that a verifier needs but the knowledge whose key it is."""
    document = {"form": FORM, "certificate": json.loads(text), "signature": signature, "public_key": public}
    return json.dumps(document, sort_keys=True, ensure_ascii=False, indent=1) + "\n"


def verify(file: str, expected: str = "") -> Verified:
    """What the file says, if it is as it was signed, and by ``expected`` (a public key, base64) if one is named.

    Raises Untrue.
    """
    try:
        whole = json.loads(file)
        document, signature, public = (whole[name] for name in ("certificate", "signature", "public_key"))
        fits = whole["form"] == FORM and isinstance(document, dict)
    except (ValueError, TypeError, KeyError):
        fits = False
    if not fits:
        raise Untrue(say("this is no certificate of Mainstay"))
    if expected and "".join(expected.split()) != public:
        raise Untrue(say("it was signed by another key: %(id)s", id=key_id(public)))
    try:
        text = canonical(document)
        Ed25519PublicKey.from_public_bytes(_bytes(public, _KEY)).verify(_bytes(signature, 64), text.encode())
    except (InvalidSignature, TypeError, ValueError):
        raise Untrue(say("it is not as it was signed: somebody changed it, or it is damaged")) from None
    return Verified(document, public, bool(expected))


def _bytes(text: Any, length: int) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        found = b""
    if len(found) != length:
        raise Untrue(say("its key or signature is damaged"))
    return found
