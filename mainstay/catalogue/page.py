"""One file under examination: values by model, and flaws put at their place."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar
from zoneinfo import available_timezones

from pydantic import BaseModel, TypeAdapter, ValidationError

from mainstay.catalogue.sources import LocatedFlaw
from mainstay.domain.complaint import Complaint, complaints, nearest
from mainstay.domain.document_forms import Name
from mainstay.domain.placeholder import Path, has_placeholder, looks_secret, malformed, may_hold_secret, texts
from mainstay.domain.yaml_node import Flaw, Node, locate, plain

Model = TypeVar("Model", bound=BaseModel)
_NAME = TypeAdapter(Name)


@dataclass(frozen=True, slots=True)
class Page:
    """A file's name, its nodes, and the list to which flaws are added."""

    name: str
    node: Node
    flaws: list[LocatedFlaw]

    def flaw(self, path: Path, what: str, right: str = "", *, on_key: bool = False, fatal: bool = True) -> None:
        """Add a flaw at ``path``."""
        where = ".".join(str(step) for step in path if step != "")
        self.flaws.append(LocatedFlaw(self.name, Flaw(*locate(self.node, path, on_key), where, what, right, fatal)))

    def mapping(self, key: str) -> dict[str, Any]:
        """The mapping at the top-level ``key``; empty if there is none (something else there is a flaw)."""
        child = self.node.value.get(key) if isinstance(self.node.value, dict) else None
        if child is None or child.value is None:
            return {}
        if not isinstance(child.value, dict):
            self._once((key,), "a mapping of names is expected here", "write name: {…}")
            return {}
        return {name: plain(node) for name, node in child.value.items()}

    def _once(self, path: Path, what: str, right: str) -> None:
        flaw = LocatedFlaw(self.name, Flaw(*locate(self.node, path), ".".join(map(str, path)), what, right))
        if flaw not in self.flaws:
            self.flaws.append(flaw)

    def model(self, model: type[Model], value: Any, path: Path) -> Model | None:
        """``value`` as ``model``, with the flaws added when it is not one.

        What is wrong is then left out, if it can be, so that the rest is examined too; otherwise None.
        """
        try:
            return model.model_validate(value)
        except ValidationError as error:
            wrong = list(complaints(error, model))
        for found in wrong:
            self._complain(path, found)
        keys = {found.path[0] for found in wrong if found.path}
        if not isinstance(value, dict) or not keys:
            return None
        try:
            return model.model_validate({key: part for key, part in value.items() if key not in keys})
        except ValidationError:
            return None

    def _complain(self, path: Path, found: Complaint) -> None:
        self.flaw((*path, *_written(found.path)), found.what, found.right, on_key=found.on_key)

    def named(self, model: type[Model], name: str, value: Any, path: Path) -> Model | None:
        """A model under a name that must be one."""
        self.is_name(name, path)
        return self.model(model, {} if value is None else value, path)

    def is_name(self, name: str, path: Path) -> bool:
        """Whether ``name`` has the form of one; a flaw otherwise."""
        try:
            _NAME.validate_python(name)
        except ValidationError:
            self.flaw(path, f"{name!r} is not a name", "write small letters, digits and hyphens", on_key=True)
            return False
        return True

    def exists(self, path: Path, name: str, what: str, known: Collection[str]) -> bool:
        """Whether ``name`` is among ``known``; a flaw otherwise."""
        if name in known:
            return True
        self.flaw(path, f"there is no {what} {name!r}", nearest(name, known))
        return False

    def zone(self, path: Path, name: str) -> None:
        """A flaw where ``name`` is no time zone."""
        if name not in _zones():
            self.flaw(path, f"{name!r} is not a time zone", nearest(name, _zones()))

    def placeholders(self, path: Path, settings: Any) -> None:
        """``${NAME}`` in its right form, and no secret in clear."""
        for way, text in texts(settings):
            wrong = malformed(text)
            if wrong:
                self.flaw((*path, *way), f"{wrong} is not a placeholder", "write ${NAME} in capitals, digits and _")
            elif looks_secret(way, text):
                right = "write ${NAME} and give it with: mainstay secret set NAME"
                self.flaw((*path, *way), "a secret is written in clear", right)
            elif may_hold_secret(text):
                right = "better write ${NAME} in its place and give it with: mainstay secret set NAME"
                self.flaw((*path, *way), "the address holds an access token in clear", right, fatal=False)

    def settings(self, path: Path, settings: dict[str, Any], model: type[BaseModel]) -> None:
        """A kind's own keys, judged by the kind's model. What is still to be filled in is not judged."""
        self.placeholders(path, settings)
        try:
            model.model_validate(settings)
        except ValidationError as error:
            for found in complaints(error, model):
                if found.on_key or not has_placeholder(_at(settings, found.path)):
                    self._complain(path, found)

    def secrets_by_name(self, path: Path, settings: dict[str, Any], model: type[BaseModel]) -> None:
        """What a kind says is a secret is never written in clear, whatever its key is called."""
        for name in secret_keys(model):
            text = settings.get(name)
            if isinstance(text, str) and text and "${" not in text and not looks_secret((name,), text):
                right = "write ${NAME} and give it with: mainstay secret set NAME"
                self.flaw((*path, name), "a secret is written in clear", right)


def secret_keys(model: type[BaseModel]) -> list[str]:
    """The settings of a kind whose description asks for a secret."""
    return [name for name, info in model.model_fields.items() if "${SECRET}" in (info.description or "")]


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _at(value: Any, path: Path) -> Any:
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):  # a step that only the model knows
            continue
    return value


def _written(path: Path) -> Path:
    """Without the names that the models' own forms put in."""
    return tuple(step for step in path if step not in ("text", "languages"))
