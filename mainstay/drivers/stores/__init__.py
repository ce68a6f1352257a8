"""Stores: one file a kind of place for copies; the file's name is the ``kind`` written in YAML.

Each file holds ``Settings`` (a ``Strict`` model) and ``Store(settings, network)``, which blocks and has:

``place(path, directory)``  the ``Place`` of a repository below this store's own root, for the tools that keep one. What
                  must exist as a file, such as a key, is written into ``directory``, mode 0600: a private directory of
                  the run, which whoever handed it in removes when the run is over. Raises ``Unreachable``.
``free(path)``    bytes left there; None where the store does not say. Raises ``Unreachable``.
``reach()``       raises ``Unreachable`` with what to do when nothing can be written there.

Addresses obey the network policy. A path holds letters, digits, ``.``, ``_``, ``-`` and ``/``; ``below``
refuses others.

No secret stands in an argument, an address, an answer or an error.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mainstay.drivers.kinds import Kinds


@dataclass(frozen=True, slots=True)
class Place:
    """Where a repository lies, as restic writes it (``/path``, ``sftp:…``, ``s3:…``), and what its programs need:
    options, in pairs of words as restic takes them, and the environment, which holds the secrets. ``aside``: a file in
    which the program that carries the data says what is wrong, where that is another one than restic."""

    address: str
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    aside: Path | None = None


class Unreachable(Exception):
    """The store cannot be used now; ``str()`` says why and what would be right."""


def below(root: str, path: str) -> str:
    """The path below a root, never beside it. Raises ValueError."""
    parts = [part for part in path.split("/") if part]
    if not parts or not all(_PART.fullmatch(part) for part in parts):
        raise ValueError(f"{path!r} cannot be the path of a repository")
    return "/".join([root.rstrip("/"), *parts])


_PART = re.compile(r"(?!\.)[A-Za-z0-9._-]+")


_KINDS = Kinds(__name__, __path__)
kinds, load = _KINDS.names, _KINDS.load
