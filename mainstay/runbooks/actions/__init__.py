"""Every write on runbooks: ``writing`` them, what ``people`` do with runs and say in them (``answering``), and what the
engine notes while it is ``driving`` them."""

from mainstay.runbooks.actions.answering import answer, approve
from mainstay.runbooks.actions.people import cancel, pause, prepared, resume, retry, run, skip
from mainstay.runbooks.actions.writing import apply_files, keep_shipped, retire, write

__all__ = [
    "answer",
    "apply_files",
    "approve",
    "cancel",
    "keep_shipped",
    "pause",
    "prepared",
    "resume",
    "retire",
    "retry",
    "run",
    "skip",
    "write",
]
