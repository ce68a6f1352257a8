"""Every write on remedies: what ``people`` allow, what the engine begins (``beginning``), and how it went
(``following``)."""

from mainstay.remedies.actions.beginning import begin_due
from mainstay.remedies.actions.following import follow
from mainstay.remedies.actions.people import allow, revoke

__all__ = ["allow", "begin_due", "follow", "revoke"]
