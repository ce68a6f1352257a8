"""What everybody may know: never green where nothing is seen, and no title that tells of the inside."""

import pytest

from mainstay.domain.public_status import Public, judge, tells, worst
from mainstay.domain.state import Impact, State

OUT, SLOW, RISK = Impact.OUTAGE, Impact.DEGRADED, Impact.RISK
OK, WARN, CRIT, UNKNOWN = State.OK, State.WARNING, State.CRITICAL, State.UNKNOWN


@pytest.mark.parametrize(
    ("checks", "levels", "silent", "state"),
    [
        ([(OUT, OK), (SLOW, OK)], [], False, Public.WORKING),
        ([(OUT, OK), (RISK, CRIT)], [], False, Public.WORKING),
        ([(OUT, OK), (SLOW, WARN)], [], False, Public.WORKING),
        ([(OUT, OK), (SLOW, CRIT)], [], False, Public.LIMITED),
        ([(OUT, WARN)], [], False, Public.LIMITED),
        ([(OUT, OK), (OUT, CRIT), (SLOW, CRIT)], [], False, Public.DOWN),
        ([(OUT, OK)], [3], False, Public.WORKING),
        ([(OUT, OK)], [3, 2], False, Public.LIMITED),
        ([(OUT, OK), (OUT, UNKNOWN)], [], False, Public.NOT_KNOWN),
        ([(OUT, UNKNOWN)], [1], False, Public.LIMITED),
        ([(OUT, OK), (SLOW, UNKNOWN)], [], False, Public.WORKING),
        ([(SLOW, UNKNOWN)], [], False, Public.NOT_KNOWN),
        ([(RISK, OK)], [], False, Public.NOT_KNOWN),
        ([], [], False, Public.NOT_KNOWN),
        ([(OUT, OK)], [], True, Public.NOT_KNOWN),
        ([(OUT, CRIT)], [1], True, Public.NOT_KNOWN),
    ],
)
def test_four_words(checks: list[tuple[Impact, State]], levels: list[int], silent: bool, state: Public) -> None:
    assert judge(checks, levels, silent=silent) is state


def test_the_worst_is_said_of_all() -> None:
    assert worst([]) is Public.NOT_KNOWN
    assert worst([Public.WORKING, Public.NOT_KNOWN]) is Public.NOT_KNOWN
    assert worst([Public.LIMITED, Public.NOT_KNOWN]) is Public.LIMITED
    assert worst(Public) is Public.DOWN


@pytest.mark.parametrize(
    ("title", "inside"),
    [
        ("The till is stuck", False),
        ("Orders wait for payment since 9 o'clock", False),
        ("结账缓慢", False),
        ("The database is full", True),
        ("the DATABASE is full", True),
        ("db1 is full", True),
        ("app-02 restarts", True),
        ("10.0.0.7 does not answer", True),
        ("erp.internal does not answer", True),
        ("see https://x", True),
        ("/var is full", True),
        ("数据库已满", True),
        ("Databases are fun", False),
    ],
)
def test_a_title_that_names_a_part_is_not_for_everybody(title: str, inside: bool) -> None:
    assert tells(title, {"db", "The database", "数据库"}) is inside
