"""Roles on single systems."""

from collections.abc import Mapping

from mainstay.domain.actor import Role
from mainstay.people.models import Person, SystemRole, Token


def set_roles(one: Person | Token, systems: Mapping[str, Role | None]) -> None:
    """Part of another act's transaction. None: the general role again."""
    owner = {"person": one} if isinstance(one, Person) else {"token": one}
    for system, role in systems.items():
        if role is None:
            SystemRole.objects.filter(**owner, system=system).delete()
        else:
            SystemRole.objects.update_or_create(**owner, system=system, defaults={"role": int(role)})


def told(systems: Mapping[str, Role | None]) -> dict[str, str]:
    """Roles on systems, as the audit trail has them."""
    return {name: "general" if role is None else role.name.lower() for name, role in systems.items()}
