"""HTTP and HTTPS: status, headers, content, and where the time went."""

import contextlib
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

import pycurl
from pydantic import Field, field_validator

from mainstay.domain.json_path import JsonPath, brief, parse_json, parse_path
from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.saying import say, words_of
from mainstay.drivers.curl import Body, Guard, Loop, bounded, problem
from mainstay.drivers.kinds import Strict
from mainstay.drivers.probes import Done, Reach, begun

METRICS = {
    "total": "s", "dns": "s", "connect": "s", "tls": "s", "first_byte": "s", "size": "B", "status": "1",
}  # fmt: skip
TITLES = {
    "total": say("time to the whole answer"), "dns": say("time to find the address"),
    "connect": say("time to connect"), "tls": say("time to encrypt"), "first_byte": say("time to the first byte"),
    "size": say("size of the answer"), "status": say("status code"),
}  # fmt: skip

LARGEST = 4 * 1024 * 1024
"""Bytes of body that are read, unpacked ones counted."""
LARGEST_JSON = 1024 * 1024
"""As many of them where values are looked for: a document takes thirty times its length in memory."""
_EXCERPT = 300
_HEADERS = 64 * 1024


class Settings(Strict):
    """``url`` may be left to the component. ``json`` maps paths such as ``$.db.ok`` to the values they must have."""

    url: str = ""
    method: Literal["GET", "HEAD", "POST", "PUT", "OPTIONS"] = "GET"
    headers: dict[str, str] = {}
    body: str = ""
    user: str = ""
    password: str = Field("", description="write a ${SECRET}")
    token: str = Field("", description="sent as a bearer token; write a ${SECRET}")
    status: list[int | str] = Field(["200-399"], description="numbers or ranges such as 200-299")
    contains: str = ""
    lacks: str = ""
    matches: str = Field("", description="a regular expression that must be found")
    json_values: dict[str, Any] = Field({}, alias="json")
    response_headers: dict[str, str] = Field({}, description="header → text it must contain")
    redirects: int = Field(0, ge=0, le=10)
    verify: bool = Field(True, description="check the certificate; without it anybody can answer")
    ca_file: str = ""
    keep_connection: bool = Field(False, description="do not connect anew for each look")

    @field_validator("matches")
    @classmethod
    def _pattern(cls, value: str) -> str:
        re.compile(value)
        return value

    @field_validator("json_values")
    @classmethod
    def _paths(cls, value: dict[str, Any]) -> dict[str, Any]:
        for path in value:
            parse_path(path)
        return value

    @field_validator("status")
    @classmethod
    def _ranges(cls, value: list[int | str]) -> list[int | str]:
        status_ranges(value)
        return value


def status_ranges(items: list[int | str]) -> list[range]:
    """``[200, "300-399"]`` as ranges; raises ValueError."""
    ranges = []
    for item in items:
        first, _, last = str(item).partition("-")
        if not (first.isdecimal() and (last or first).isdecimal()):
            raise ValueError(f"{item!r} is not a status; write such as 200 or 200-299")
        ranges.append(range(int(first), int(last or first) + 1))
    return ranges


@lru_cache(maxsize=1024)
def _accepted(items: tuple[int | str, ...]) -> frozenset[int]:
    """Every status in the ranges, of which HTTP has three digits, shared by all checks that accept the same."""
    return frozenset(number for one in status_ranges(list(items)) for number in range(one.start, min(one.stop, 1000)))


class Probe:
    """One prepared handle a check: a look sets nothing that did not change."""

    __slots__ = (
        "_accepted",
        "_body",
        "_curls",
        "_done",
        "_guard",
        "_handle",
        "_head",
        "_paths",
        "_reach",
        "_settings",
        "_wants_body",
    )

    def __init__(self, settings: Settings, reach: Reach) -> None:
        self._settings, self._reach = settings, reach
        self._accepted = _accepted(tuple(settings.status))
        self._paths: list[tuple[JsonPath, Any]] = [
            (parse_path(path), value) for path, value in settings.json_values.items()
        ]
        self._wants_body = bool(settings.contains or settings.lacks or settings.matches or self._paths)
        self._body = Body(LARGEST_JSON if self._paths else LARGEST)
        self._head = Body(_HEADERS)
        self._guard = Guard(reach.network)
        self._handle: pycurl.Curl | None = None
        self._curls: Loop | None = None
        self._done: Done | None = None

    async def read(self) -> Reading:
        return await begun(self.begin, self._stop)

    def begin(self, done: Done) -> bool:
        if self._handle is None or self._curls is None:
            if not (self._settings.url or self._reach.component.get("url")):
                problem = Problem(Fault.SETUP, say("no url: give one to the probe or its component"))
                done(Reading(problem=problem, blind=True))
                return True
            self._handle = self._prepared()
            self._curls = self._reach.shared("curl loop", Loop)
        self._body.clear()
        self._head.clear()
        self._done = done
        self._curls.start(self._handle, self._ended)
        return True

    def _ended(self, code: int, text: str) -> None:
        done, self._done = self._done, None
        assert done is not None  # noqa: S101 - set when the transfer began
        result: Reading | Exception
        try:
            result = self._judge(code, text)
        except Exception as error:  # for the caller to report
            result = error
        done(result)

    def _stop(self) -> None:
        if self._handle is not None and self._curls is not None:
            self._curls.cancel(self._handle)

    def _prepared(self) -> pycurl.Curl:
        settings, handle = self._settings, pycurl.Curl()
        bounded(handle, self._guard, self._reach.timeout)
        handle.setopt(pycurl.URL, (settings.url or str(self._reach.component["url"])).encode())
        handle.setopt(pycurl.WRITEFUNCTION, self._body)
        if settings.response_headers:  # a callback a line; libcurl itself stops at 300 kB of headers
            handle.setopt(pycurl.HEADERFUNCTION, self._head)
        handle.setopt(pycurl.MAXFILESIZE, LARGEST)
        handle.setopt(pycurl.BUFFERSIZE, 16_384)
        handle.setopt(pycurl.ACCEPT_ENCODING, "" if self._wants_body else "identity")
        handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        if not settings.keep_connection:
            handle.setopt(pycurl.FRESH_CONNECT, 1)
            handle.setopt(pycurl.FORBID_REUSE, 1)
        self._set_request(handle)
        if settings.redirects:
            handle.setopt(pycurl.FOLLOWLOCATION, 1)
            handle.setopt(pycurl.MAXREDIRS, settings.redirects)
            handle.setopt(pycurl.REDIR_PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        if settings.ca_file:
            handle.setopt(pycurl.CAINFO, settings.ca_file)
        if not settings.verify:
            handle.setopt(pycurl.SSL_VERIFYPEER, 0)
            handle.setopt(pycurl.SSL_VERIFYHOST, 0)
        return handle

    def _set_request(self, handle: pycurl.Curl) -> None:
        settings = self._settings
        headers = [f"{name}: {value}" for name, value in settings.headers.items()]
        if settings.token:
            headers.append(f"Authorization: Bearer {settings.token}")
        if settings.user:
            handle.setopt(pycurl.USERPWD, f"{settings.user}:{settings.password}")
        if settings.method == "HEAD":
            handle.setopt(pycurl.NOBODY, 1)
        elif settings.method != "GET" or settings.body:
            handle.setopt(pycurl.POSTFIELDS, settings.body.encode())
            handle.setopt(pycurl.CUSTOMREQUEST, settings.method)
        if headers:
            handle.setopt(pycurl.HTTPHEADER, headers)

    def _judge(self, code: int, text: str) -> Reading:
        handle = self._handle
        assert handle is not None  # noqa: S101 - judged only after a look
        values = _timing(handle)
        if code:
            if self._body.over or self._head.over:
                headers = say("the headers went on beyond what is read")
                much = say("the body went on beyond what is read") if self._body.over else headers
                return Reading(values, Problem(Fault.TOO_LARGE, much))
            return Reading(problem=problem(code, text, self._guard))
        values["status"] = status = float(handle.getinfo(pycurl.RESPONSE_CODE))
        if int(status) not in self._accepted:
            wanted = ", ".join(map(str, self._settings.status))
            other = say("status %(status)s, expected %(wanted)s", status=int(status), wanted=wanted)
            return Reading(values, Problem(Fault.STATUS, other), excerpt=self._excerpt())
        wrong = self._wrong_content() if self._wants_body or self._settings.response_headers else ""
        if wrong:
            return Reading(values, Problem(Fault.CONTENT, wrong), excerpt=self._excerpt())
        return Reading(values)

    def _excerpt(self) -> str:
        return bytes(self._body.data[:_EXCERPT]).decode("utf-8", "replace")

    def _wrong_content(self) -> str:
        settings = self._settings
        headers = _headers(bytes(self._head.data))
        for name, wanted in settings.response_headers.items():
            if wanted.lower() not in headers.get(name.lower(), "").lower():
                return say("the header %(name)s does not contain %(wanted)s", name=name, wanted=repr(wanted))
        text = self._body.data.decode("utf-8", "replace")
        if settings.contains and settings.contains not in text:
            return say("the answer does not contain %(wanted)s", wanted=repr(settings.contains))
        if settings.lacks and settings.lacks in text:
            return say("the answer contains %(text)s", text=repr(settings.lacks))
        if settings.matches and not re.search(settings.matches, text):
            return say("the answer does not match %(pattern)s", pattern=repr(settings.matches))
        return self._wrong_json(text) if self._paths else ""

    def _wrong_json(self, text: str) -> str:
        try:
            document = parse_json(text)
        except ValueError as error:
            return say("the answer is not JSON: %(error)s", error=words_of(error))
        for path, wanted in self._paths:
            found = path.find(document)
            if found != wanted:
                return say("%(path)s is %(found)s, expected %(wanted)s", path=path.text, found=brief(found),
                           wanted=repr(wanted))  # fmt: skip
        return ""

    def close(self) -> None:
        self._stop()
        if self._handle is not None:
            with contextlib.suppress(pycurl.error):
                self._handle.close()
            self._handle = None


def _timing(handle: pycurl.Curl) -> dict[str, float]:
    """Each part by itself, from libcurl's running times."""
    get = handle.getinfo
    dns, connect, tls = get(pycurl.NAMELOOKUP_TIME), get(pycurl.CONNECT_TIME), get(pycurl.APPCONNECT_TIME)
    first, total = get(pycurl.STARTTRANSFER_TIME), get(pycurl.TOTAL_TIME)
    values = {
        "total": total,
        "dns": dns,
        "connect": max(0.0, connect - dns),
        "first_byte": max(0.0, first - max(connect, tls)),
    }
    if tls:
        values["tls"] = max(0.0, tls - connect)
    values["size"] = get(pycurl.SIZE_DOWNLOAD_T)
    return values


def _headers(data: bytes) -> Mapping[str, str]:
    """The last answer's headers by lower-case name."""
    last = data.decode("latin-1").strip().split("\r\n\r\n")[-1]
    pairs = (line.partition(":") for line in last.split("\r\n")[1:])
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
