"""What OpenSSH's own programs are told: an account, a key and a host key, and nothing that the account which runs
Mainstay has of its own: neither the agent, nor its keys, nor its known hosts."""

import os
import re
from pathlib import Path

from mainstay.domain.saying import say
from mainstay.drivers.ssh import Door

_SSH = {
    "GlobalKnownHostsFile": "/dev/null", "StrictHostKeyChecking": "yes", "UpdateHostKeys": "no",
    "IdentitiesOnly": "yes", "IdentityAgent": "none", "PreferredAuthentications": "publickey", "BatchMode": "yes",
    "ConnectTimeout": "20", "ServerAliveInterval": "15", "ServerAliveCountMax": "4", "ClearAllForwardings": "yes",
    "ControlMaster": "no", "ControlPath": "none", "ProxyCommand": "none", "PermitLocalCommand": "no",
    "LogLevel": "ERROR",
}  # fmt: skip


def written(directory: Path, name: str, door: Door, key: str) -> Path:
    """The configuration under which ``ssh -F … NAME`` goes through the door, whose address was judged before, with the
    text of a key; all in a directory of that name below ``directory``. Raises ValueError."""
    if not re.fullmatch(r"/[A-Za-z0-9._/-]+", str(directory)):
        text = say("ssh cannot be told of files in %(path)s: only letters, digits, '.', '_', '-'", path=directory)
        raise ValueError(text)
    own = directory / name
    own.mkdir(mode=0o700, exist_ok=True)
    _private(own / "key", key.strip() + "\n")
    _private(own / "known_hosts", f"{name} {door.host_key}\n")
    words = {
        "HostName": door.address, "HostKeyAlias": name, "Port": door.port, "User": door.user,
        "IdentityFile": own / "key", "UserKnownHostsFile": own / "known_hosts", **_SSH,
    }  # fmt: skip
    _private(own / "config", f"Host {name}\n" + "".join(f"  {key} {value}\n" for key, value in words.items()))
    return own / "config"


def _private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
