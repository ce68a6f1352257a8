"""The traffic generator, a process of its own: `python -m estate.traffic URL SECONDS_PER_ORDER`.

One clerk works at a time, on everything that waits: a list of ten costs little more than one document.
"""

from __future__ import annotations

import http.client
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from estate.rpc import RpcError
from estate.traffic.booking import enter_statement, move_money, post_invoices
from estate.traffic.buying import order_goods, receive_goods
from estate.traffic.office import Office
from estate.traffic.selling import send_goods, take_order

MAX_PAUSE = 20.0


@dataclass
class Duty:
    work: Callable[[Office], None]
    every: float  # seconds
    due: float


def duties(order_every: float, now: float) -> list[Duty]:
    rates: list[tuple[Callable[[Office], None], float]] = [
        (take_order, order_every), (send_goods, 15), (post_invoices, 20), (move_money, 20),
        (order_goods, order_every * 12), (receive_goods, 30), (enter_statement, 90),
    ]  # fmt: skip
    return [Duty(work, every, now + (1 + index) * 1.5) for index, (work, every) in enumerate(rates)]


def main(url: str, order_every: str) -> None:
    office = Office(url)
    until_works(office.open)
    schedule, pause = duties(float(order_every), time.monotonic()), 1.0
    while True:
        duty = min(schedule, key=lambda duty: duty.due)
        time.sleep(max(0.0, duty.due - time.monotonic()))
        # Measured from now: after a long outage the clerks do not make up for what was missed.
        duty.due = time.monotonic() + duty.every * random.uniform(0.7, 1.3)
        pause = 1.0 if attempt(partial(duty.work, office)) else min(pause * 2, MAX_PAUSE)
        if pause > 1.0:
            time.sleep(pause / 2)


def until_works(work: Callable[[], None]) -> None:
    while not attempt(work):
        time.sleep(2)


def attempt(work: Callable[[], None]) -> bool:
    """Did it work? People shrug and try again later; the reason goes to the log."""
    try:
        work()
    except (OSError, http.client.HTTPException, RpcError) as problem:
        print(f"{time.strftime('%H:%M:%S')} {type(problem).__name__}: {problem}", flush=True)
        return False
    return True


if __name__ == "__main__":
    main(*sys.argv[1:])
