"""A package whose files are its kinds: the file's name is what a user writes."""

import importlib
import pkgutil
from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """Settings in which an unknown key is an error, so that a typo never passes for a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Kinds:
    """Those of a package, by its ``__name__`` and ``__path__``. A file whose name begins with ``_`` is none."""

    package: str
    path: Iterable[str]

    def names(self) -> list[str]:
        """All that are installed."""
        return sorted(module.name for module in pkgutil.iter_modules(self.path) if not module.name.startswith("_"))

    def load(self, kind: str) -> ModuleType:
        """The module of a kind; KeyError for a kind that does not exist."""
        if kind not in self.names():
            raise KeyError(kind)
        return importlib.import_module(f"{self.package}.{kind}")
