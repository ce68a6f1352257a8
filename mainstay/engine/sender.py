"""Sending what is due: lease, send, record; in this order, because losing a notice is worse than repeating it."""

import logging
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from pydantic import ValidationError

from mainstay.catalogue.models import Channel
from mainstay.catalogue.queries import channel_settings
from mainstay.domain.placeholder import Unfilled
from mainstay.drivers import answers, channels
from mainstay.drivers.channels import Message, Undelivered
from mainstay.engine.wording import compose, message
from mainstay.notices import actions
from mainstay.notices.models import Delivery
from mainstay.notices.recipients import address_of, language_for
from mainstay.sealing import SealBroken
from mainstay.settings import NOTICE_NETWORK

_log = logging.getLogger(__name__)

AT_ONCE = 8
AT_ONCE_EACH = 3
"""Deliveries to one channel at the same time, so that a hung receiver leaves room for the others."""
TIMEOUT = 20.0
"""Seconds for one delivery; well below the lease."""
PER_MINUTE = 30
"""Notices to one channel within a minute; what is due beyond that becomes one digest a minute, with the exact count."""
GROUPED = 3
"""So many that waited for a receiver who was away are told in one digest once he is back."""
_MINUTE = timedelta(minutes=1)


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
    flying: dict[Future[str | Undelivered], Delivery] = field(default_factory=dict)
    recent: dict[int, deque[datetime]] = field(default_factory=lambda: defaultdict(deque))
    folded: dict[int, datetime] = field(default_factory=dict)

    def step(self) -> int:
        """Record what has come back, send what is due; returns how many were taken. Never waits for a receiver."""
        self._land()
        now = self.clock()
        full = {channel for channel in self.recent if self._sent_lately(channel, now) >= PER_MINUTE}
        self._fold(full, now)
        aloft = Counter(delivery.lane for delivery in self.flying.values())
        hung = [channel for channel, count in aloft.items() if count >= AT_ONCE_EACH]
        taken = actions.lease(
            now, AT_ONCE - len(self.flying), full=full, hung=hung, accept=lambda one: self._accept(one, aloft, now)
        )
        for delivery in taken:
            self.flying[self.pool.submit(send, outgoing(delivery))] = delivery
        return len(taken)

    def finish(self) -> None:
        """Wait for the receivers that are being spoken to, and record what they said."""
        wait(self.flying)
        self._land()

    def _land(self) -> None:
        """One that cannot be recorded, because the database is away, stays and is recorded later."""
        for future in [future for future in self.flying if future.done()]:
            self._record(self.flying[future], future.result())
            del self.flying[future]

    def _accept(self, delivery: Delivery, aloft: Counter[int], now: datetime) -> bool:
        """Count it in, unless its channel has had enough for now."""
        channel = delivery.lane
        pressing = actions.is_pressing(delivery)
        if aloft[channel] >= AT_ONCE_EACH or (self._sent_lately(channel, now) >= PER_MINUTE and not pressing):
            return False
        aloft[channel] += 1
        if delivery.recipient or delivery.channel is None or not self._wants_every_one(delivery.channel):
            self.recent[channel].append(now)
        return True

    @staticmethod
    def _wants_every_one(channel: Channel) -> bool:
        known = channel.kind in channels.kinds()
        return known and getattr(channels.load(channel.kind), "EVERY_ONE", False)

    def _sent_lately(self, channel: int, now: datetime) -> int:
        sent = self.recent[channel]
        while sent and abs(now - sent[0]) > _MINUTE:  # either way: the clock may have been set
            sent.popleft()
        return len(sent)

    def _fold(self, full: set[int], now: datetime) -> None:
        due = [channel for channel in full if abs(now - self.folded.get(channel, now - 2 * _MINUTE)) > _MINUTE]
        for channel in Channel.objects.filter(pk__in=due) if due else ():
            if count := actions.fold(channel, now):
                self.folded[channel.pk] = now
                _log.warning("%d notices to %s go out as one digest", count, channel.name)

    def _record(self, delivery: Delivery, outcome: str | Undelivered) -> None:
        now = self.clock()
        if isinstance(outcome, Undelivered):
            _log.warning("delivery %s to %s: %s", delivery.key, delivery.receiver, outcome.reason)
            actions.failed(delivery, outcome.reason, now, retry=outcome.retry)
        else:
            actions.delivered(delivery, outcome, now)
            self._catch_up(delivery, now)

    def _catch_up(self, delivery: Delivery, now: datetime) -> None:
        """A receiver who was away is told all that waited for him, grouped, the most severe first."""
        channel = delivery.channel
        if channel is None or actions.back(delivery, now) < GROUPED or self._wants_every_one(channel):
            return
        if count := actions.fold(channel, now, late=True):
            self.folded[channel.pk] = now
            _log.warning("%s is back: %d notices that waited for it go out as one digest", channel.name, count)


def outgoing(delivery: Delivery, timeout: float = TIMEOUT) -> Outgoing | Undelivered:
    """A delivery in words, with its channel's settings filled in. ``timeout`` in seconds."""
    try:
        module, settings = _way(delivery)
    except Undelivered as error:
        return error
    except (Unfilled, SealBroken) as error:
        return Undelivered(str(error))
    except ValidationError as error:
        keys = ", ".join(".".join(map(str, item["loc"])) for item in error.errors(include_input=False))
        return Undelivered(answers.UNFIT % {"keys": keys})
    language = language_for(delivery)
    try:
        prepared: Message = message(delivery, compose(delivery, language), network=NOTICE_NETWORK)
    except (
        AttributeError,
        LookupError,
        ObjectDoesNotExist,
        TypeError,
        ValueError,
    ) as error:  # must not hold up the others
        _log.exception("delivery %s cannot be put into words", delivery.key)
        return Undelivered(f"{type(error).__name__} while wording it; see the log")
    return Outgoing(delivery, lambda: str(module.send(settings, prepared, timeout)))


def _way(delivery: Delivery) -> tuple[Any, Any]:
    """The channel's module, and its settings with the receiver in them. Raises what ``outgoing`` catches."""
    channel = delivery.channel
    if channel is None:
        chat = channels.load("apprise")
        return chat, chat.Settings(urls=[address_of(delivery)])
    try:
        module = channels.load(channel.kind)
    except KeyError:
        raise Undelivered(answers.NO_KIND % {"kind": channel.kind}, retry=False) from None
    filled = channel_settings(channel)
    if delivery.recipient:
        filled["to"] = [address_of(delivery)]
    return module, module.Settings.model_validate(filled)


def send(outgoing: Outgoing | Undelivered) -> str | Undelivered:
    """The receiver's answer, or why there is none; never raises."""
    if isinstance(outgoing, Undelivered):
        return outgoing
    try:
        return outgoing.send()
    except Undelivered as error:
        return error
    except Exception as error:  # a channel's bug must not stop the others
        _log.exception("channel %s", outgoing.delivery.receiver)
        return Undelivered(f"{type(error).__name__} in the channel; see the log")
