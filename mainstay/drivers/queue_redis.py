"""A queue in Redis: a list, a stream, a sorted set or a set.

The dozen commands that this needs are spoken here, in RESP 2, rather than by a client library: those take in whatever
length a server announces, and a look may cost a megabyte.
"""

import math
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import unquote, urlsplit

from mainstay.domain.json_path import JsonPath, parse_json
from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.saying import say
from mainstay.drivers.outward import bounded
from mainstay.drivers.rows import Unread
from mainstay.drivers.tables import as_instant

MOST = 1_000_000
"""Bytes that a server may say in one look."""
_LINE = 4_096
_DEEPEST = 8
_SHOWN = 200
_FAULTS = {
    "NOAUTH": Fault.AUTH, "WRONGPASS": Fault.AUTH, "NOPERM": Fault.AUTH, "NOGROUP": Fault.MISSING,
    "LOADING": Fault.STATUS, "BUSY": Fault.STATUS, "MASTERDOWN": Fault.STATUS, "CLUSTERDOWN": Fault.STATUS,
    "MOVED": Fault.SETUP,
}  # fmt: skip
_EARLIEST = 1e8
"""Seconds since 1970 (1973): a smaller number is a rank or a counter, not a time."""


class Address:
    """``redis://user:password@host:port/number``, or ``rediss://`` for TLS. Raises Unread."""

    def __init__(self, url: str, user: str, password: str) -> None:
        parts = urlsplit(url)
        number = parts.path.strip("/") or "0"
        try:
            self.host, self.port = parts.hostname or "", parts.port or 6379
        except ValueError:
            self.host = ""
        if parts.scheme not in ("redis", "rediss") or not self.host or not number.isdecimal():
            raise Unread(Fault.SETUP, say("no url of Redis; write such as redis://192.0.2.7:6379/0"))
        self.where = f"{self.host}:{self.port}"
        self.tls, self.number = parts.scheme == "rediss", int(number)
        self.user = user or unquote(parts.username or "")
        self.password = password or unquote(parts.password or "")


class Redis:
    """Connects anew for each look. ``age_path`` leads to the time in a list's elements, which are then JSON;
    ``scores_are_times`` speaks of a sorted set; ``group`` of a stream's consumers."""

    def __init__(
        self, url: str, key: str, *, user: str, password: str, ca_file: str, group: str, age_path: JsonPath | None,
        scores_are_times: bool, network: NetworkPolicy, seconds: float,
    ) -> None:  # fmt: skip
        self._url, self._user, self._password, self._ca_file = url, user, password, ca_file
        self._key, self._group, self._age_path = key, group, age_path
        self._scores_are_times = scores_are_times
        self._network, self._seconds = network, seconds

    def read(self) -> Reading:
        values: dict[str, float] = {}
        try:
            address = Address(self._url, self._user, self._password)
            self._visit(address, values)
        except Unread as error:
            return Reading(values, error.problem, blind=error.problem.fault is Fault.SETUP)
        return Reading(values)

    def _visit(self, address: Address, values: dict[str, float]) -> None:
        with bounded(self._network, self._seconds) as bounds:
            try:
                with closing(self._connected(address)) as sock, closing(Line(sock, address.password)) as line:
                    if address.password:
                        line.ask("AUTH", *filter(None, (address.user, address.password)))
                    if address.number:
                        line.ask("SELECT", address.number)
                    self._measure(line, values)
            except Unread as error:
                found = bounds.problem(error, address.where) or error.problem
                raise Unread(found.fault, found.detail) from None
            except (OSError, ValueError, TypeError, LookupError, OverflowError) as error:
                otherwise = Problem(Fault.PROTOCOL, say("%(where)s: answers otherwise than Redis", where=address.where))
                found = bounds.problem(error, address.where) or otherwise
                raise Unread(found.fault, found.detail) from None

    def _connected(self, address: Address) -> socket.socket:
        sock = socket.create_connection((address.host, address.port), self._seconds)
        if not address.tls:
            return sock
        try:
            context = ssl.create_default_context(cafile=self._ca_file or None)
        except OSError:
            sock.close()
            unread = say("ca_file %(path)s holds no certificates that can be read", path=self._ca_file)
            raise Unread(Fault.SETUP, unread) from None
        return context.wrap_socket(sock, server_hostname=address.host)

    def _measure(self, line: "Line", values: dict[str, float]) -> None:
        kind = _text(line.ask("TYPE", self._key))
        ways: dict[str, Callable[[Line, dict[str, float]], None]] = {
            "none": _empty, "list": self._list, "set": self._set, "zset": self._sorted_set,
            "stream": self._group_of_stream if self._group else self._stream,
        }  # fmt: skip
        if kind not in ways:
            other = say("%(key)s is a %(kind)s, no list, stream, set or sorted set", key=self._key, kind=kind[:20])
            raise Unread(Fault.SETUP, other)
        for setting, given, only in (("group", self._group, "stream"), ("age_field", self._age_path, "list")):
            if given and kind not in (only, "none"):
                raise Unread(Fault.SETUP, say("%(key)s is a %(kind)s; %(setting)s is for a %(only)s", key=self._key,
                                              kind=kind, setting=setting, only=only))  # fmt: skip
        ways[kind](line, values)

    def _list(self, line: "Line", values: dict[str, float]) -> None:
        """New elements come in at either end: the older of the two is the oldest."""
        values["depth"] = line.number("LLEN", self._key)
        if self._age_path is not None:
            ends = [line.ask("LINDEX", self._key, place) for place in (0, -1)]
            values["age"] = _age([self._time_in(self._age_path, one) for one in ends if one is not None])

    def _time_in(self, path: JsonPath, element: Any) -> float:
        try:
            found = moment(path.find(parse_json(element)))
        except (ValueError, TypeError, OverflowError):
            raise Unread(Fault.CONTENT, say("an element of %(key)s is not JSON", key=self._key)) from None
        if found is None:
            timeless = say("an element of %(key)s has no time at %(path)s", key=self._key, path=path.text)
            raise Unread(Fault.CONTENT, timeless)
        return found

    def _set(self, line: "Line", values: dict[str, float]) -> None:
        values["depth"] = line.number("SCARD", self._key)

    def _sorted_set(self, line: "Line", values: dict[str, float]) -> None:
        values["depth"] = line.number("ZCARD", self._key)
        if self._scores_are_times:
            lowest = line.some("ZRANGE", self._key, 0, 0, "WITHSCORES")[1:2]
            times = [moment(_text(score)) for score in lowest]
            if None in times:
                detail = say("the lowest score of %(key)s is no time; write `scores: ranks` if none of them is",
                             key=self._key)  # fmt: skip
                raise Unread(Fault.SETUP, detail)
            values["age"] = _age([one for one in times if one is not None])

    def _stream(self, line: "Line", values: dict[str, float]) -> None:
        values["depth"] = line.number("XLEN", self._key)
        values["age"] = _age(self._first(line, "-"))

    def _group_of_stream(self, line: "Line", values: dict[str, float]) -> None:
        """What the group still has to do: entries that were not handed out yet, and those not acknowledged."""
        pending = line.some("XPENDING", self._key, self._group)
        group = self._told_of_group(line)
        times = [_entry_time(one) for one in pending[1:2] if one is not None]
        waiting = self._first(line, f"({_text(group['last-delivered-id'])}")
        values["age"] = _age(times + waiting)
        values["unacknowledged"], values["consumers"] = float(group["pending"]), float(group["consumers"])
        ready = group.get("lag") if waiting else 0
        if ready is not None:  # not known to Redis before 7, nor after entries were deleted from the middle
            values["ready"] = float(ready)
            values["depth"] = values["ready"] + values["unacknowledged"]

    def _told_of_group(self, line: "Line") -> dict[str, Any]:
        for one in line.some("XINFO", "GROUPS", self._key):
            told = {_text(name): value for name, value in zip(one[::2], one[1::2], strict=True)}
            if told["name"] == self._group.encode():
                return told
        raise Unread(Fault.MISSING, say("%(key)s has no group %(group)s", key=self._key, group=self._group))

    def _first(self, line: "Line", start: str) -> list[float]:
        """When the first entry from there on came in; empty if there is none."""
        return [_entry_time(entry[0]) for entry in line.some("XRANGE", self._key, start, "+", "COUNT", 1)]

    def close(self) -> None:
        """Nothing is kept."""


def _empty(_line: "Line", values: dict[str, float]) -> None:
    """Redis keeps no empty list: one that is not there has nothing in it."""
    values |= {"depth": 0.0, "age": 0.0}


def _entry_time(number: Any) -> float:
    """A stream's entries are numbered by the millisecond."""
    return int(_text(number).partition("-")[0]) / 1000


def _text(value: Any) -> str:
    """Raises TypeError for a number, of which ``bytes`` would make so many zeros."""
    if not isinstance(value, bytes):
        raise TypeError(value)
    return value.decode("utf-8", "replace")


def _age(times: list[float]) -> float:
    return max(0.0, time.time() - min(times)) if times else 0.0


def moment(value: Any) -> float | None:
    """Seconds since 1970 of an ISO 8601 text, or of a number of seconds, milli-, micro- or nanoseconds; else None."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return as_instant(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    while value > 1e11:
        value /= 1000
    return float(value) if value >= _EARLIEST else None


class Line:
    """One conversation. What a server says in it is bounded, nesting and all. Raises Unread for a refusal and for too
    much, ValueError for what is not RESP."""

    def __init__(self, sock: socket.socket, hidden: str) -> None:
        self._sock, self._heard, self._hidden = sock, sock.makefile("rb"), hidden
        self._left = MOST

    def ask(self, *words: str | int) -> Any:
        """Bytes, a whole number, a list of these, or None."""
        parts = [str(word).encode() for word in words]
        self._sock.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(one), one) for one in parts))
        return self._reply(0)

    def number(self, *words: str | int) -> float:
        found = self.ask(*words)
        if not isinstance(found, int):
            raise TypeError(words[0])
        return float(found)

    def some(self, *words: str | int) -> list[Any]:
        found = self.ask(*words)
        if not isinstance(found, list):
            raise TypeError(words[0])
        return found

    def _reply(self, depth: int) -> Any:
        line = self._taken(self._heard.readline(min(_LINE, self._left + 1)))
        kind, rest = line[:1], line[1:-2]
        if not line.endswith(b"\r\n") or depth > _DEEPEST:
            raise ValueError("no line of RESP")
        if kind == b"-":
            raise self._refused(rest.decode("utf-8", "replace"))
        if kind == b"+":
            return rest
        length = int(rest)
        if kind == b":":
            return length
        if length < 0:
            return None
        if kind == b"*":
            return [self._reply(depth + 1) for _ in range(length)]
        if kind != b"$":
            raise ValueError(kind)
        return self._exactly(length + 2)[:-2]

    def _exactly(self, length: int) -> bytes:
        if length > self._left:
            raise Unread(Fault.TOO_LARGE, say("an answer went past %(size)s MB", size=MOST // 1_000_000))
        return self._taken(self._heard.read(length), length)

    def _taken(self, data: bytes, wanted: int = 1) -> bytes:
        if len(data) < wanted:
            raise Unread(Fault.REFUSED, say("it hung up in the middle of the conversation"))
        self._left -= len(data)
        if self._left < 0:
            raise Unread(Fault.TOO_LARGE, say("the answers went past %(size)s MB", size=MOST // 1_000_000))
        return data

    def _refused(self, text: str) -> Unread:
        code = text.partition(" ")[0]
        fault = _FAULTS.get(code, Fault.AUTH if "AUTH" in text or "password" in text else Fault.QUERY)
        words = text.replace(self._hidden, "…") if self._hidden else text
        return Unread(fault, say("Redis says %(text)s", text=words[:_SHOWN]))

    def close(self) -> None:
        self._heard.close()
