"""Drills whose fault is over."""

from mainstay.plans import actions


def follow() -> None:
    """A live drill all of whose incidents are over has recovered."""
    actions.follow()
