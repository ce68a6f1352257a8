"""What becomes of a delivery, in sentences that can be said anew.

A delivery keeps its outcome as one line of English, which people search and programs read. Who shows it to a person
says it in his language by ``heard``, which finds the sentence that the line was made of. Each sentence stands here with
its blanks still in it; ``%`` fills them in.
"""

import re
from collections.abc import Sequence
from functools import cache

from mainstay.domain.saying import Saying, restored, say, stored
from mainstay.drivers import foreign

LONGEST = 500
"""Letters of an outcome."""
ACCEPTED = say("accepted by %(where)s for %(whom)s", where="%(where)s", whom="%(whom)s")
PARTLY = say("accepted by %(where)s, but refused for %(whom)s", where="%(where)s", whom="%(whom)s")
ACCOUNT = say("%(host)s refused the account: %(code)s", host="%(host)s", code="%(code)s")
RECIPIENTS = say("%(host)s refused all recipients: %(codes)s", host="%(host)s", codes="%(codes)s")
ANSWERED = say("%(host)s answered %(code)s %(answer)s", host="%(host)s", code="%(code)s", answer="%(answer)s")
RECEIVER = say("the receiver answered %(status)s: %(answer)s", status="%(status)s", answer="%(answer)s")
LATE = say("no end within %(seconds)s s", seconds="%(seconds)s")
NO_KIND = say("there is no channel kind %(kind)s in this installation", kind="%(kind)s")
UNFIT = say("the channel's settings do not fit: %(keys)s", keys="%(keys)s")
_TEXTS: Sequence[Saying] = (
    PARTLY, ACCEPTED, ACCOUNT, RECIPIENTS, RECEIVER, LATE, NO_KIND, UNFIT,
    say("cannot connect to %(where)s", where="%(where)s"), say("no answer within %(seconds)s s", seconds="%(seconds)s"),
    say("${%(name)s} has no value; give it with: mainstay secret set %(name)s", name="%(name)s"),
    say("the conversation broke off: %(why)s", why="%(why)s"), say("SSL certificate problem: %(why)s", why="%(why)s"),
    say("Could not resolve host: %(host)s", host="%(host)s"), ANSWERED,
)  # fmt: skip
"""The more telling first."""


def heard(outcome: str) -> str:
    """The outcome as a saying, so far as it is one of these; anything else as it stands."""
    for pattern, text in _patterns():
        if found := pattern.fullmatch(outcome):
            values = {name: stored(heard(value), LONGEST) for name, value in found.groupdict().items()}
            return restored({"text": text, "values": values})
    where, colon, why = outcome.partition(": ")
    if colon and " " not in where and isinstance(told := heard(why), Saying):
        return foreign.at(where, told)
    return foreign.known(outcome)


@cache
def _patterns() -> Sequence[tuple[re.Pattern[str], str]]:
    return [(re.compile(_pattern(str(one))), str(one)) for one in _TEXTS]


def _pattern(text: str) -> str:
    """What finds the values of a sentence; a name that stands in it twice is one value."""
    plain, *rest = re.split(r"%\((\w+)\)s", text)
    found, seen = re.escape(plain), set[str]()
    for name, after in zip(rest[::2], rest[1::2], strict=True):
        found += (f"(?P={name})" if name in seen else f"(?P<{name}>.+)") + re.escape(after)
        seen.add(name)
    return found
