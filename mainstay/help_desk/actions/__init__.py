"""Every write on tickets: what people report, what operators do, what follows by itself, and what mail brings."""

from mainstay.help_desk.actions.following import close_silent, follow_incidents
from mainstay.help_desk.actions.mailing import receive
from mainstay.help_desk.actions.operators import answer, close, join, make_requirement, note, sort
from mainstay.help_desk.actions.reporting import Report, Sent, TooMany, open_ticket, report, say_more, score

__all__ = [
    "Report",
    "Sent",
    "TooMany",
    "answer",
    "close",
    "close_silent",
    "follow_incidents",
    "join",
    "make_requirement",
    "note",
    "open_ticket",
    "receive",
    "report",
    "say_more",
    "score",
    "sort",
]
