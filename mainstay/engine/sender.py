"""Sending what is due: lease, send, record; in this order, because losing a notice is worse than repeating it."""

import logging
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from mainstay.catalogue.queries import channel_settings
from mainstay.domain.placeholder import Unfilled
from mainstay.domain.state import Level
from mainstay.drivers import channels
from mainstay.drivers.channels import Message, Undelivered
from mainstay.engine.wording import compose, message
from mainstay.notices import actions
from mainstay.notices.models import Delivery
from mainstay.settings import NETWORK

_log = logging.getLogger(__name__)

AT_ONCE = 8
TIMEOUT = 20.0
"""Seconds for one delivery; well below the lease."""
PER_MINUTE = 30
"""Notices to one channel within a minute; the rest waits, and one message says how many."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A delivery put into words, or the reason why it cannot be."""

    delivery: Delivery
    send: Callable[[], str]


@dataclass(slots=True)
class Sender:
    """Sends in threads; everything that touches the database stays in the engine's own."""

    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE, "sender"))
    recent: dict[int, deque[datetime]] = field(default_factory=lambda: defaultdict(deque))

    def step(self) -> int:
        """Send what is due; returns how many were taken."""
        taken = actions.lease(self.clock(), AT_ONCE)
        sending = [(delivery, self.pool.submit(self._send, self._outgoing(delivery))) for delivery in taken]
        for delivery, future in sending:
            self._record(delivery, future.result())
        return len(taken)

    def _outgoing(self, delivery: Delivery) -> Outgoing | Undelivered:
        if self._is_too_many(delivery):
            return Undelivered(f"more than {PER_MINUTE} notices within a minute to this channel; it goes out later")
        channel = delivery.channel
        try:
            module = channels.load(channel.kind)
            settings = module.Settings.model_validate(channel_settings(channel))
        except KeyError:
            return Undelivered(f"there is no channel kind {channel.kind!r} in this installation", retry=False)
        except Unfilled as error:
            return Undelivered(str(error))
        except ValidationError as error:
            keys = ", ".join(".".join(map(str, item["loc"])) for item in error.errors(include_input=False))
            return Undelivered(f"the channel's settings do not fit: {keys}")
        language = channel.document.get("language", "en")
        try:
            prepared: Message = message(delivery, compose(delivery, language), network=NETWORK)
        except (KeyError, TypeError, ValueError) as error:  # one that cannot be worded must not hold up the others
            _log.exception("delivery %s cannot be put into words", delivery.key)
            return Undelivered(f"{type(error).__name__} while wording it; see the log")
        return Outgoing(delivery, lambda: str(module.send(settings, prepared, TIMEOUT)))

    def _is_too_many(self, delivery: Delivery) -> bool:
        """Test messages and first notices of level 1 always go out."""
        sent, now = self.recent[delivery.channel_id], self.clock()
        while sent and now - sent[0] > timedelta(minutes=1):
            sent.popleft()
        if len(sent) >= PER_MINUTE and not self._is_pressing(delivery):
            return True
        sent.append(now)
        return False

    @staticmethod
    def _is_pressing(delivery: Delivery) -> bool:
        notice = delivery.notice
        severe = notice.incident is not None and notice.incident.level == Level.SEVERE
        return notice.word == "test" or (notice.word == "opened" and severe)

    @staticmethod
    def _send(outgoing: Outgoing | Undelivered) -> str | Undelivered:
        if isinstance(outgoing, Undelivered):
            return outgoing
        try:
            return outgoing.send()
        except Undelivered as error:
            return error
        except Exception as error:  # a channel's bug must not stop the others
            _log.exception("channel %s", outgoing.delivery.channel.name)
            return Undelivered(f"{type(error).__name__} in the channel; see the log")

    def _record(self, delivery: Delivery, outcome: str | Undelivered) -> None:
        now = self.clock()
        if isinstance(outcome, Undelivered):
            _log.warning("delivery %s to %s: %s", delivery.key, delivery.channel.name, outcome.reason)
            actions.failed(delivery, outcome.reason, now, retry=outcome.retry)
        else:
            actions.delivered(delivery, outcome, now)
