"""The shapes of a preview: what a check did, and what it would have done."""

from datetime import datetime

from ninja import Schema

from mainstay.api.answers import StateName


class PreviewStretch(Schema):
    """A time in which a check was, or would have been, warning or critical without a break."""

    start: datetime
    end: datetime
    worst: StateName


class Course(Schema):
    """What a check did or would have done; ``seconds`` is how long each state held."""

    fired: int
    seconds: dict[StateName, float]
    stretches: list[PreviewStretch]


class Preview(Schema):
    """The last days as recorded, as replayed by the present definition (``before``) and by the changed one (``after``).

    ``shortened``: there were too many looks, and the oldest were left out. ``unmeasured``: metrics of the conditions of
    which there is no sample. ``findings_unknown``: which looks found something was left to conditions, and is not kept.
    """

    start: datetime
    end: datetime
    looks: int
    shortened: bool
    unmeasured: list[str]
    findings_unknown: bool
    recorded: Course
    before: Course
    after: Course
