"""What ``${NAME}`` means: the environment first, then the secret store."""

import os
from collections.abc import Iterable

from mainstay.catalogue.models import Secret
from mainstay.domain.placeholder import Unfilled
from mainstay.domain.saying import say
from mainstay.sealing import RING, SealBroken, unseal

_OWN = "MAINSTAY_"
"""Mainstay's own settings, its database's password among them, are nothing for a catalogue to send anywhere."""


class SecretBook:
    """Values by name, each looked up once."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def value(self, name: str) -> str:
        """The value of ``name``. Raises Unfilled."""
        if name not in self._values:
            self._values[name] = _look_up(name)
        return self._values[name]


def unfilled(names: Iterable[str]) -> list[str]:
    """Those of ``names`` that have no value anywhere."""
    asked = {name for name in names if name not in os.environ or name.startswith(_OWN)}
    return sorted(asked - set(Secret.objects.filter(name__in=asked).values_list("name", flat=True)))


def _look_up(name: str) -> str:
    if name in os.environ and not name.startswith(_OWN):
        return os.environ[name]
    return stored("" if name.startswith(_OWN) else name, name)


def stored(name: str, shown: str = "") -> str:
    """The value of a secret of the store, Mainstay's own too: for Mainstay itself. Raises Unfilled."""
    secret = Secret.objects.filter(name=name).first()
    if secret is None:
        name = shown or name
        raise Unfilled(say("${%(name)s} has no value; give it with: mainstay secret set %(name)s", name=name))
    try:
        return unseal(name, bytes(secret.sealed), secret.key_id, RING)
    except SealBroken as error:
        raise Unfilled(*error.args) from None
