"""How fast one client may ask: a bucket that fills steadily. One loud program shall not crowd out the others."""

from collections import OrderedDict
from dataclasses import dataclass, field


@dataclass(slots=True)
class Pace:
    """``burst`` requests at once, then ``rate`` a second, for each name. Kept in memory, for the last names only."""

    rate: float
    burst: float
    most: int = 10_000
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def wait(self, name: str, now: float) -> float:
        """Take one; 0.0 when it was there, else how many seconds until it will be. ``now`` is of the steady clock."""
        left, since = self._left.pop(name, (self.burst, now))
        left = min(self.burst, left + (now - since) * self.rate)
        granted = left >= 1.0
        self._left[name] = (left - 1.0 if granted else left, now)
        if len(self._left) > self.most:
            self._left.popitem(last=False)
        return 0.0 if granted else (1.0 - left) / self.rate
