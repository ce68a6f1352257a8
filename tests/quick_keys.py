"""Makes a restic repository of a test quick to open.

restic stretches a password until that takes half a second, each time it is started. Here the repository's own master
key is wrapped anew, for the same password, with next to no stretching: as restic's design document says how.
"""

import base64
import hashlib
import json
import os
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305


def quicken(repository: Path, password: str) -> None:
    """All keys of the repository that this password opens. Once the password is wrong, it is wrong at once."""
    for path in list((repository / "keys").iterdir()):
        key = json.loads(path.read_text())
        if key["N"] <= 2:
            continue
        master = _open(base64.b64decode(key["data"]), _stretched(password, key))
        key |= {"N": 2, "r": 1, "p": 1, "salt": base64.b64encode(os.urandom(64)).decode()}
        key["data"] = base64.b64encode(_closed(master, _stretched(password, key))).decode()
        text = json.dumps(key).encode()
        (path.parent / hashlib.sha256(text).hexdigest()).write_bytes(text)
        path.unlink()


def _stretched(password: str, key: dict[str, object]) -> bytes:
    salt = base64.b64decode(str(key["salt"]))
    n, r, p = (int(str(key[name])) for name in ("N", "r", "p"))
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=200_000_000, dklen=64)


def _turned(text: bytes, key: bytes, nonce: bytes) -> bytes:
    return Cipher(algorithms.AES(key[:32]), modes.CTR(nonce)).encryptor().update(text)


def _mark(text: bytes, key: bytes, nonce: bytes) -> bytes:
    once = Cipher(algorithms.AES(key[32:48]), modes.ECB()).encryptor().update(nonce)
    return Poly1305.generate_tag(key[48:64] + once, text)


def _open(sealed: bytes, key: bytes) -> bytes:
    nonce, text, mark = sealed[:16], sealed[16:-16], sealed[-16:]
    assert _mark(text, key, nonce) == mark, "another password"
    return _turned(text, key, nonce)


def _closed(text: bytes, key: bytes) -> bytes:
    nonce = os.urandom(16)
    turned = _turned(text, key, nonce)
    return nonce + turned + _mark(turned, key, nonce)
