"""The link in a call with which its one person takes the incident on, once, without signing in.

Its text is the call's number, signed with Mainstay's own key: it is made anew whenever it is needed and kept nowhere.
Opening it acknowledges nothing, for mail programs look at links before people do; the button behind it does.
"""

from datetime import datetime

from django.core.signing import BadSignature, Signer

from mainstay.on_call.models import Call
from mainstay.settings import BASE_URL

_SIGNER = Signer(salt="mainstay.on_call.acknowledge")
_LONGEST = 200


def address(call_id: int) -> str:
    """Where the call's person acknowledges. It is a password for this one act: never log it."""
    return f"{BASE_URL}/acknowledge/{_SIGNER.sign(str(call_id))}/"


def call_of(text: str, now: datetime) -> Call | None:
    """The call whose link this is, if it is good now."""
    try:
        number = int(_SIGNER.unsign(text[:_LONGEST]))
    except (BadSignature, ValueError):
        return None
    found = Call.objects.select_related("incident__system", "move").filter(
        pk=number, kind="person", used_at=None, expires_at__gt=now
    )
    return found.first()
