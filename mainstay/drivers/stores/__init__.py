"""Stores: one file a kind of place for copies; the file's name is the ``kind`` written in YAML.

Each file holds ``Settings`` (a ``Strict`` model) and ``Store(settings, network)``, which blocks and has:

``place(path)``   the ``Place`` of a repository below this store's own root, for the tools that keep one.
``free(path)``    bytes left there; None where the store does not say.
``reach()``       raises ``Unreachable`` with what to do when nothing can be written there.

No secret stands in an argument, an address, an answer or an error.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """Settings in which an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a repository lies, as restic writes it (``/path``, ``sftp:…``, ``s3:…``), and what its programs need:
    options, and the environment, which holds the secrets."""

    address: str
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


class Unreachable(Exception):
    """The store cannot be used now; ``str()`` says why and what would be right."""


def kinds() -> list[str]:
    """The names of all kinds of store."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def load(kind: str) -> ModuleType:
    """The module of a kind; KeyError for a kind that does not exist."""
    if kind not in kinds():
        raise KeyError(kind)
    return importlib.import_module(f"{__name__}.{kind}")
