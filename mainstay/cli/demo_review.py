"""How the demo reviews what was recovered: why it happened, what shows that it is seen again, and what it took.

A severe or partial fault's review opens by itself; a slight one's is opened by hand, as a person may.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mainstay.cli.demo_recovery import Call, wait_for
from mainstay.cli.demo_watch import Row, Watch
from mainstay.domain.duration import format_duration
from mainstay.domain.review import REVIEWED

CAUSES = {"system": "software", "data": "data", "business": "handling"}
"""Of what kind the cause of a fault that the demo brings about is, by its category."""


@dataclass
class Reviewing:
    """Reviews one incident after the other, as ``owner``."""

    watch: Watch
    call: Call
    owner: str

    def review(self, fault: Row, incident: int, found_by: str) -> str:
        """Written, acted on and closed; what it says of the fault, empty when there is no review."""
        if fault["level"] > REVIEWED:
            self.call("review", "open", str(incident))
        review = wait_for(lambda: self._of(incident))
        if not review:
            return ""
        number = str(review["id"])
        if review["state"] == "closed":  # the incident was open once before, and was opened again
            self.call("review", "reopen", number, "--reason", "It came again")
        self.call("review", "write", number, "--why", fault["title"]["en"], "--why", "The demo brought it about",
                  "--cause", CAUSES[fault["category"]], "--well", f"{found_by} saw it")  # fmt: skip
        action = json.loads(self.call("review", "act", number, "Keep watching for it", "--owner", self.owner,
                                      "--due", f"{datetime.now(UTC):%Y-%m-%d}", "--json"))  # fmt: skip
        self.call("review", "end", str(action["id"]), found_by, "--as", "check")
        self.call("review", "hold", number, "--present", self.owner)
        self.call("review", "close", number)
        return told(self.watch.get(f"/reviews/{number}"))

    def _of(self, incident: int) -> Row | None:
        return next((row for row in self.watch.all("/reviews?limit=500") if row["incident"] == incident), None)


def told(review: Row) -> str:
    """Its state with the facts that it worked out from the record."""
    facts: dict[str, Any] = review["facts"]
    parts = [f"down {format_duration(round(facts['down']))}" if facts["down"] else "", *(
        f"{facts[key]['most']:g} {words}" for key, words in (("stuck", "stuck"), ("money", "at risk"))
        if facts[key]["most"]
    )]  # fmt: skip
    return ", ".join([review["state"], *filter(None, parts)])
