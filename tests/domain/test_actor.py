"""Who may do what, where: the role on a system stands in place of the general one, be it higher or lower."""

import pytest

from mainstay.domain.actor import (
    EVERYTHING,
    PERMISSIONS,
    Actor,
    At,
    Denied,
    Reach,
    Role,
    Sight,
    Unseen,
    authorise,
    reach,
    sight_for,
)

GENERAL = Actor("person:ann", Role.OPERATOR)
FENCED = Actor("person:bob", Role.NONE, systems={"shop": Role.OPERATOR, "till": Role.VIEWER})
BARRED = Actor("person:cid", Role.APPROVER, systems={"pay": Role.NONE})
NOBODY = Actor("person:dan", Role.NONE)
NARROW = Actor("token:x", Role.NONE, frozenset({"incident"}), {"shop": Role.OPERATOR})


@pytest.mark.parametrize(
    ("actor", "act", "system", "raised"),
    [
        (GENERAL, "check.run", "shop", None),
        (GENERAL, "check.run", None, None),
        (GENERAL, "catalogue.apply", At.UNTOLD, Denied),
        (FENCED, "check.run", "shop", None),
        (FENCED, "check.run", "till", Denied),
        (FENCED, "incident.read", "till", None),
        (FENCED, "incident.read", "pay", Unseen),
        (FENCED, "incident.read", None, Unseen),
        (FENCED, "check.run", At.ANYWHERE, None),
        (FENCED, "catalogue.export", At.UNTOLD, Denied),
        (FENCED, "channel.test", At.UNTOLD, Denied),
        (BARRED, "incident.read", "shop", None),
        (BARRED, "incident.read", "pay", Unseen),
        (BARRED, "incident.read", None, None),
        (BARRED, "catalogue.apply", At.UNTOLD, Denied),
        (BARRED, "audit.read", At.UNTOLD, Denied),
        (NOBODY, "incident.read", At.ANYWHERE, Denied),
        (NARROW, "incident.note", "shop", None),
        (NARROW, "check.run", "shop", Denied),
        (NARROW, "incident.note", "pay", Unseen),
    ],
)
def test_the_role_that_decides(actor: Actor, act: str, system: str | At | None, raised: type[Denied] | None) -> None:
    if raised is None:
        authorise(actor, act, system=system)
        return
    with pytest.raises(Denied) as caught:
        authorise(actor, act, system=system)
    assert type(caught.value) is raised


@pytest.mark.parametrize(
    ("actor", "seen", "unseen"),
    [
        (GENERAL, ("shop", "pay", None), ()),
        (FENCED, ("shop", "till"), ("pay", None)),
        (BARRED, ("shop", None), ("pay",)),
        (NOBODY, (), ("shop", None)),
    ],
)
def test_sight(actor: Actor, seen: tuple[str | None, ...], unseen: tuple[str | None, ...]) -> None:
    assert all(system in actor.sight for system in seen)
    assert not any(system in actor.sight for system in unseen)


def test_a_role_that_is_no_exception_narrows_nothing() -> None:
    assert Actor("person:ann", Role.VIEWER, systems={"shop": Role.OPERATOR}).sight == EVERYTHING
    assert Actor("person:ann", Role.NONE, systems={"shop": Role.NONE}).sight == Sight(rest=False)


@pytest.mark.parametrize("act", [act for act in PERMISSIONS if reach(act) is Reach.SYSTEM])
def test_an_act_on_a_system_must_say_which(act: str) -> None:
    with pytest.raises(TypeError, match="say which"):
        authorise(GENERAL, act)


def test_an_unknown_act_is_a_mistake_of_the_program() -> None:
    with pytest.raises(KeyError):
        authorise(GENERAL, "till.rob", system="shop")


def test_the_systems_on_which_an_act_is_allowed() -> None:
    viewer = Actor("x", Role.VIEWER, systems={"shop": Role.OPERATOR, "books": Role.NONE})
    assert [name in sight_for(viewer, "desk.read") for name in ("shop", "books", "other", None)] == [
        True, False, False, False,
    ]  # fmt: skip
    operator = Actor("x", Role.OPERATOR, systems={"books": Role.VIEWER})
    assert [name in sight_for(operator, "desk.read") for name in ("shop", "books", None)] == [True, False, True]
