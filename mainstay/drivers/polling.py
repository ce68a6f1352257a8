"""Many short-lived sockets in one event loop: one epoll of their own, whose descriptor is all that the loop watches.

A look opens and closes its socket within milliseconds. Told to the loop one by one, each would cost several objects
and callbacks; here what is ready is taken in batches.
"""

import asyncio
import select
from collections.abc import Callable
from weakref import WeakKeyDictionary

READ, WRITE = select.EPOLLIN, select.EPOLLOUT
_MOST = 256


class Poll:
    """``watch(fd, events, ready)`` calls ``ready(fd, events)`` in the loop until ``remove(fd)``.

    ``after`` is called once after each batch, for what is done once for all that were ready together.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._epoll = loop, select.epoll()
        self._called: dict[int, Callable[[int, int], None]] = {}
        self.after: list[Callable[[], None]] = []
        loop.add_reader(self._epoll.fileno(), self._take)

    @classmethod
    def here(cls) -> "Poll":
        """The one of the running loop."""
        loop = asyncio.get_running_loop()
        found = _POLLS.get(loop)
        if found is None:
            found = _POLLS[loop] = cls(loop)
        return found

    def watch(self, fd: int, events: int, ready: Callable[[int, int], None]) -> None:
        """Begin to watch, or watch for other events than before."""
        if fd in self._called:
            self._epoll.modify(fd, events)
        else:
            self._epoll.register(fd, events)
        self._called[fd] = ready

    def remove(self, fd: int) -> None:
        """Must come before the descriptor is closed: a number is used again at once."""
        if self._called.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def _take(self) -> None:
        called = self._called
        for fd, events in self._epoll.poll(0, _MOST):
            if (ready := called.get(fd)) is not None:
                try:
                    ready(fd, events)
                except Exception as error:  # of one socket; the others are ready too
                    self._loop.call_exception_handler({"message": "a socket's callback failed", "exception": error})
        for after in self.after:
            after()


_POLLS: WeakKeyDictionary[asyncio.AbstractEventLoop, Poll] = WeakKeyDictionary()
