"""What an exporter of Prometheus shows: fetched within bounds, and only the wanted metrics of it parsed."""

import math
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pycurl
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from mainstay.domain.json_path import parse_json
from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Problem
from mainstay.domain.saying import say
from mainstay.drivers.curl import Body, Failed, Guard, bounded, problem

LARGEST = 20 * 1024 * 1024
"""Bytes of a page that are read. Its lines are looked at as they come, and only those of the wanted metrics kept."""
LARGEST_WANTED = 2 * 1024 * 1024
"""Bytes of these lines; parsed they are ten times as much."""
LARGEST_WHOLE = 1024 * 1024
"""Bytes of an answer that has to be kept and read as a whole."""
MOST_LINES = 20_000
"""Of the wanted metrics: a second's work."""
_LONGEST = 64 * 1024
_AT_ONCE = 16 * 1024
ACCEPT = "text/plain;version=0.0.4"


@dataclass(frozen=True, slots=True)
class Access:
    """How to get in. Empty: without."""

    user: str = ""
    password: str = ""
    token: str = ""
    ca_file: str = ""
    verify: bool = True


@dataclass(frozen=True, slots=True)
class Sample:
    """One series' newest value."""

    name: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: its content type and its first bytes, which are all of it where ``whole``."""

    kind: str
    begin: bytes
    whole: bool


def shown(url: str, access: Access, network: NetworkPolicy, seconds: float, wanted: Iterable[str]) -> list[Sample]:
    """The finite samples of the metrics with these names on an exporter's page. Blocks. Raises Failed with what is
    wrong where."""
    end, names = time.monotonic() + seconds, frozenset(wanted)
    lines = _Lines(names)
    page = _fetched(url, access, network, seconds, lines)
    if "openmetrics" in page.kind:
        return _of_openmetrics(page, names, end)
    lines.end()
    if not lines.wanted and b"<html" in page.begin[:1000].lower():
        raise Failed(Problem(Fault.PROTOCOL, say("a web page, not metrics; is the path right, such as /metrics?")))
    return _of_text(lines.wanted, names, end)


class _Lines:
    """Takes a page piece by piece and keeps the lines of the wanted metrics: an exporter may show a hundred times as
    many. ``problem`` says why it would take no more."""

    def __init__(self, names: frozenset[str]) -> None:
        self._line = re.compile(rf"^(?:{'|'.join(map(re.escape, sorted(names)))})[ \t{{].*$".encode(), re.MULTILINE)
        self._rest, self._size = b"", 0
        self.wanted: list[bytes] = []
        self.problem: Problem | None = None

    def take(self, chunk: bytes) -> bool:
        done, _, self._rest = (self._rest + chunk).rpartition(b"\n")
        self._keep(done)
        if len(self._rest) > _LONGEST:
            self.problem = Problem(Fault.TOO_LARGE, say("a line is longer than %(size)s kB", size=_LONGEST >> 10))
        elif self._size > LARGEST_WANTED or len(self.wanted) > MOST_LINES:
            much = say(
                "more than %(n)s series or %(size)s MiB of the wanted metrics; ask a Prometheus server",
                n=MOST_LINES, size=LARGEST_WANTED >> 20,
            )  # fmt: skip
            self.problem = Problem(Fault.TOO_LARGE, much)
        return self.problem is None

    def end(self) -> None:
        """The last line may have no end."""
        self._keep(self._rest)

    def _keep(self, text: bytes) -> None:
        found = self._line.findall(text)
        self.wanted += found
        self._size += sum(map(len, found))


class _Reader:
    """Where libcurl writes: the first bytes are kept, all are handed on."""

    def __init__(self, lines: _Lines | None) -> None:
        self._lines, self._left = lines, LARGEST_WHOLE if lines is None else LARGEST
        self.begin = Body(LARGEST_WHOLE)
        self.problem: Problem | None = None

    def __call__(self, chunk: bytes) -> int | None:
        self._left -= len(chunk)
        if not self.begin.over:
            self.begin(chunk)
        if self._left < 0:
            self.problem = Problem(Fault.TOO_LARGE, say("the answer went on beyond what is read"))
        elif self._lines is not None and not self._lines.take(chunk):
            self.problem = self._lines.problem
        return None if self.problem is None else -1


def _fetched(url: str, access: Access, network: NetworkPolicy, seconds: float, lines: _Lines | None) -> Page:
    guard, reader, handle = Guard(network), _Reader(lines), pycurl.Curl()
    try:
        bounded(handle, guard, seconds)
        handle.setopt(pycurl.URL, url.encode())
        handle.setopt(pycurl.WRITEFUNCTION, reader)
        handle.setopt(pycurl.ACCEPT_ENCODING, "")
        _let_in(handle, access)
        handle.perform()
        status = int(handle.getinfo(pycurl.RESPONSE_CODE))
        begin = bytes(reader.begin.data)
        if status in (401, 403):
            raise Failed(Problem(Fault.AUTH, say("status %(status)s: the account may not read this", status=status)))
        if status != 200:
            text = begin[:200].decode("utf-8", "replace")
            other = say("status %(status)s, expected 200: %(text)s", status=status, text=text)
            raise Failed(Problem(Fault.STATUS, other))
        return Page(str(handle.getinfo(pycurl.CONTENT_TYPE) or ""), begin, not reader.begin.over)
    except pycurl.error as error:
        raise Failed(reader.problem or problem(int(error.args[0]), str(error.args[1]), guard)) from None
    finally:
        handle.close()


def _let_in(handle: pycurl.Curl, access: Access) -> None:
    headers = [f"Accept: {ACCEPT}"]
    if access.token:
        headers.append(f"Authorization: Bearer {access.token}")
    handle.setopt(pycurl.HTTPHEADER, headers)
    if access.user:
        handle.setopt(pycurl.USERNAME, access.user.encode())
        handle.setopt(pycurl.PASSWORD, access.password.encode())
    if access.ca_file:
        handle.setopt(pycurl.CAINFO, access.ca_file)
    if not access.verify:
        handle.setopt(pycurl.SSL_VERIFYPEER, 0)
        handle.setopt(pycurl.SSL_VERIFYHOST, 0)


def _of_text(lines: list[bytes], names: frozenset[str], end: float) -> list[Sample]:
    found: list[Sample] = []
    for some in _pieces(lines):  # so that the deadline is heeded
        found += _parsed(read_text, some.decode("utf-8", "replace"), names)
        _in_time(end)
    return found


def _pieces(lines: list[bytes]) -> Iterator[bytes]:
    piece = b""
    for line in lines:
        piece += line + b"\n"
        if len(piece) > _AT_ONCE:
            yield piece
            piece = b""
    yield piece


def _of_openmetrics(page: Page, names: frozenset[str], end: float) -> list[Sample]:
    """Its lines belong together, so that it is read as a whole; nobody asked for this form."""
    if not page.whole or page.begin.count(b"\n") > MOST_LINES:
        much = say("more than %(n)s lines or %(size)s MiB in OpenMetrics' form", n=MOST_LINES, size=LARGEST_WHOLE >> 20)
        raise Failed(Problem(Fault.TOO_LARGE, much))
    found = _parsed(read_openmetrics, page.begin.decode("utf-8", "replace"), names)
    _in_time(end)
    return found


def _in_time(end: float) -> None:
    if time.monotonic() > end:
        raise Failed(Problem(Fault.TIMEOUT, say("the deadline came while the page was read")))


def _parsed(read: Callable[[str], Any], text: str, names: frozenset[str]) -> list[Sample]:
    try:
        return [
            Sample(sample.name, sample.labels, float(sample.value))
            for family in read(text)
            for sample in family.samples
            if sample.name in names and math.isfinite(sample.value)
        ]
    except (ValueError, KeyError, IndexError) as error:  # what the parsers raise for what is not in the form
        other = say("not in Prometheus' form: %(error)s", error=str(error)[:200])
        raise Failed(Problem(Fault.PROTOCOL, other)) from None


def query(server: str, expression: str, access: Access, network: NetworkPolicy, seconds: float) -> list[Sample]:
    """What a Prometheus server answers to one expression, now. Raises Failed."""
    url = f"{server.rstrip('/')}/api/v1/query?{urlencode({'query': expression, 'timeout': f'{max(1, int(seconds))}s'})}"
    answer = _fetched(url, access, network, seconds, None).begin
    try:
        data = parse_json(answer)["data"]
        found = [{"metric": {}, "value": data["result"]}] if data["resultType"] == "scalar" else data["result"]
        return [
            Sample(str(one["metric"].get("__name__", "")), one["metric"], float(one["value"][1]))
            for one in found
            if math.isfinite(float(one["value"][1]))
        ]
    except (ValueError, KeyError, TypeError, IndexError):
        text = answer[:200].decode("utf-8", "replace")
        raise Failed(Problem(Fault.PROTOCOL, say("no answer of Prometheus' query API: %(text)s", text=text))) from None
