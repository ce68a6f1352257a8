"""libcurl: many transfers at once in the event loop, each address judged inside connect.

Measured against every Python client: a quarter of their CPU a request. The handles are kept and reused; what a request
costs beyond libcurl is a few callbacks.
"""

import asyncio
import math
import os
import socket
from collections.abc import Callable
from typing import Any

import pycurl

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Problem
from mainstay.drivers.foreign import known
from mainstay.drivers.polling import READ, WRITE, Poll

_FAULTS: dict[int, Fault] = {
    pycurl.E_COULDNT_RESOLVE_HOST: Fault.UNRESOLVED,
    pycurl.E_OPERATION_TIMEDOUT: Fault.TIMEOUT,
    pycurl.E_COULDNT_CONNECT: Fault.REFUSED,
    pycurl.E_RECV_ERROR: Fault.REFUSED,
    pycurl.E_SEND_ERROR: Fault.REFUSED,
    pycurl.E_GOT_NOTHING: Fault.REFUSED,
    pycurl.E_PEER_FAILED_VERIFICATION: Fault.TLS,
    pycurl.E_SSL_CONNECT_ERROR: Fault.TLS,
    pycurl.E_SSL_CERTPROBLEM: Fault.TLS,
    pycurl.E_SSL_CIPHER: Fault.TLS,
    pycurl.E_SSL_CACERT_BADFILE: Fault.SETUP,
    pycurl.E_TOO_MANY_REDIRECTS: Fault.STATUS,
    pycurl.E_URL_MALFORMAT: Fault.SETUP,
    pycurl.E_UNSUPPORTED_PROTOCOL: Fault.PROTOCOL,
    pycurl.E_FILESIZE_EXCEEDED: Fault.TOO_LARGE,
    pycurl.E_WRITE_ERROR: Fault.TOO_LARGE,
    100: Fault.TOO_LARGE,  # CURLE_TOO_LARGE, headers beyond libcurl's bound; pycurl has no name for it
    pycurl.E_PARTIAL_FILE: Fault.PROTOCOL,
}


class Guard:
    """Opens the sockets of one handle, if the policy allows the address. ``refusal`` says why one was not opened."""

    def __init__(self, network: NetworkPolicy) -> None:
        self._network = network
        self.refusal = ""

    def __call__(self, _purpose: int, address: Any) -> "_Handed | int":
        """libcurl asks here with the very address that it will connect to."""
        family, kind, protocol, where = address
        host, port = _plain(where[0]), int(where[1])
        if refusal := self._network.refusal(host, port):
            self.refusal = refusal
            return int(pycurl.SOCKET_BAD)
        return _Handed(socket.SocketType(family, kind, protocol).detach())


class _Handed:
    """A descriptor on its way into libcurl, which keeps a copy of it; ours ends with this object."""

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        return self._descriptor

    def __del__(self) -> None:
        os.close(self._descriptor)


def _plain(host: str | bytes) -> str:
    return host.decode() if isinstance(host, bytes) else host


def problem(code: int, text: str, guard: Guard | None = None) -> Problem:
    """A transfer that failed, in our words."""
    if guard is not None and guard.refusal:
        refusal, guard.refusal = guard.refusal, ""
        return Problem(Fault.DENIED, refusal)
    return Problem(_FAULTS.get(code, Fault.PROTOCOL), known(text))


class Loop:
    """One CurlMulti in one asyncio loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._poll = Poll.here()
        self._poll.after.append(self._collect)
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._schedule)
        self._timer: asyncio.TimerHandle | None = None
        self._fires_at = math.inf
        self._waiting: dict[pycurl.Curl, Done] = {}

    def start(self, handle: pycurl.Curl, done: "Done") -> None:
        """Run the transfer; ``done`` is called once with libcurl's code (0 is fine) and its words."""
        self._waiting[handle] = done
        self._multi.add_handle(handle)

    async def perform(self, handle: pycurl.Curl) -> tuple[int, str]:
        """The same for whoever would rather wait."""
        future: asyncio.Future[tuple[int, str]] = self._loop.create_future()
        self.start(handle, lambda code, text: None if future.done() else future.set_result((code, text)))
        try:
            return await future
        finally:
            self.cancel(handle)

    def cancel(self, handle: pycurl.Curl) -> None:
        """Stop a transfer that nobody waits for any more."""
        if self._waiting.pop(handle, None) is not None:
            self._multi.remove_handle(handle)

    def _watch(self, wanted: int, fd: int, _multi: Any, _data: Any) -> None:
        if wanted == _REMOVE:
            self._poll.remove(fd)
        else:
            self._poll.watch(fd, _EVENTS[wanted], self._ready)

    def _schedule(self, milliseconds: int) -> None:
        """libcurl sets its timer anew several times a transfer. A timer that fires too early does no harm, so an
        armed one is left unless it would fire too late."""
        if milliseconds < 0:
            return
        due = self._loop.time() + milliseconds / 1000
        if due < self._fires_at:
            if self._timer is not None:
                self._timer.cancel()
            self._fires_at = due
            self._timer = self._loop.call_later(milliseconds / 1000, self._expired)

    def _expired(self) -> None:
        self._timer, self._fires_at = None, math.inf
        self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        self._collect()
        if self._timer is None and self._waiting and (rest := self._multi.timeout()) >= 0:
            self._schedule(max(1, rest))

    def _ready(self, fd: int, events: int) -> None:
        mask = 0
        if events & ~WRITE:  # readable, or broken, which reading tells
            mask |= pycurl.CSELECT_IN
        if events & WRITE:
            mask |= pycurl.CSELECT_OUT
        self._multi.socket_action(fd, mask)

    def _collect(self) -> None:
        more = 1
        while more:
            more, done, broken = self._multi.info_read()
            for handle in done:
                self._finish(handle, 0, "")
            for handle, code, text in broken:
                self._finish(handle, code, text)

    def _finish(self, handle: pycurl.Curl, code: int, text: str) -> None:
        self._multi.remove_handle(handle)
        done = self._waiting.pop(handle, None)
        if done is None:
            return
        try:
            done(code, text)
        except Exception as error:  # of one transfer; those that ended together with it are told all the same
            self._loop.call_exception_handler({"message": "the end of a transfer was not taken", "exception": error})


Done = Callable[[int, str], None]
_REMOVE = pycurl.POLL_REMOVE
_EVENTS = {
    pycurl.POLL_NONE: 0,
    pycurl.POLL_IN: READ,
    pycurl.POLL_OUT: WRITE,
    pycurl.POLL_INOUT: READ | WRITE,
}


def bounded(handle: pycurl.Curl, guard: Guard, seconds: float) -> None:
    """What every transfer of ours is held to: http and https, no proxy of the environment, no redirect, one deadline,
    and the guard's word on each address."""
    handle.setopt(pycurl.OPENSOCKETFUNCTION, guard)
    handle.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    handle.setopt(pycurl.PROXY, "")
    handle.setopt(pycurl.NOSIGNAL, 1)
    handle.setopt(pycurl.TIMEOUT_MS, max(1, int(seconds * 1000)))
    handle.setopt(pycurl.USERAGENT, "Mainstay")
    handle.setopt(pycurl.FOLLOWLOCATION, 0)


class Body:
    """Keeps the first bytes of an answer and stops the transfer beyond a limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.data = bytearray()
        self.over = False

    def __call__(self, chunk: bytes) -> int | None:
        if len(self.data) + len(chunk) > self._limit:
            self.data += chunk[: self._limit - len(self.data)]
            self.over = True
            return -1
        self.data += chunk
        return None

    def clear(self) -> None:
        self.data.clear()
        self.over = False


Write = Callable[[bytes], int | None]


def post(
    url: str, body: bytes, headers: list[str], network: NetworkPolicy, seconds: float, *, ca_file: str = ""
) -> tuple[int, str]:
    """One blocking POST; the status and the first 2 kB of the answer. Raises Failed."""
    handle, guard, answer = pycurl.Curl(), Guard(network), Body(65_536)
    try:
        bounded(handle, guard, seconds)
        handle.setopt(pycurl.URL, url)
        handle.setopt(pycurl.POSTFIELDS, body)
        handle.setopt(pycurl.HTTPHEADER, headers)
        handle.setopt(pycurl.WRITEFUNCTION, answer)
        if ca_file:
            handle.setopt(pycurl.CAINFO, ca_file)
        handle.perform()
        return int(handle.getinfo(pycurl.RESPONSE_CODE)), answer.data[:2000].decode("utf-8", "replace")
    except pycurl.error as error:
        if answer.over:
            return int(handle.getinfo(pycurl.RESPONSE_CODE)), answer.data[:2000].decode("utf-8", "replace")
        raise Failed(problem(int(error.args[0]), str(error.args[1]), guard)) from None
    finally:
        handle.close()


def request(
    method: str, url: str, body: bytes, headers: list[str], network: NetworkPolicy, *, seconds: float, most: int
) -> tuple[int, bytes]:
    """One blocking request; the status and at most so many bytes of the answer. Raises Failed."""
    handle, guard, answer = pycurl.Curl(), Guard(network), Body(most)
    try:
        bounded(handle, guard, seconds)
        handle.setopt(pycurl.URL, url)
        handle.setopt(pycurl.CUSTOMREQUEST, method)
        if body:
            handle.setopt(pycurl.POSTFIELDS, body)
        if method == "HEAD":
            handle.setopt(pycurl.NOBODY, 1)
        handle.setopt(pycurl.HTTPHEADER, headers)
        handle.setopt(pycurl.WRITEFUNCTION, answer)
        handle.perform()
    except pycurl.error as error:
        if not answer.over:
            raise Failed(problem(int(error.args[0]), str(error.args[1]), guard)) from None
    finally:
        status = int(handle.getinfo(pycurl.RESPONSE_CODE))
        handle.close()
    return status, bytes(answer.data)


class Failed(Exception):
    """The transfer did not come about; ``problem`` says why."""

    def __init__(self, found: Problem) -> None:
        super().__init__(f"{found.fault.value}: {found.detail}")
        self.problem = found
