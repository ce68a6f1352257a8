"""Every write of this app: ``deploying`` is told from outside, ``examining`` is the engine's."""

from mainstay.diagnosis.actions.deploying import Unclear, tell_change, tell_deployment
from mainstay.diagnosis.actions.examining import Taken, begin_due, end, keep

__all__ = ["Taken", "Unclear", "begin_due", "end", "keep", "tell_change", "tell_deployment"]
