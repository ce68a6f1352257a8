"""What an exporter of Prometheus shows: fetched within bounds, and only the wanted metrics of it parsed."""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pycurl
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Problem
from mainstay.drivers.curl import Body, Failed, Guard, bounded, problem

LARGEST = 20 * 1024 * 1024
"""Bytes of an answer that are read."""
MOST_LINES = 200_000
"""Lines of the wanted metrics that are parsed."""
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


def fetch(url: str, access: Access, network: NetworkPolicy, seconds: float) -> tuple[str, str]:
    """The content type and the text of an answer. Blocks. Raises Failed."""
    guard, body, handle = Guard(network), Body(LARGEST), pycurl.Curl()
    try:
        bounded(handle, guard, seconds)
        handle.setopt(pycurl.URL, url.encode())
        handle.setopt(pycurl.WRITEFUNCTION, body)
        handle.setopt(pycurl.ACCEPT_ENCODING, "")
        _let_in(handle, access)
        handle.perform()
        status = int(handle.getinfo(pycurl.RESPONSE_CODE))
        if status in (401, 403):
            raise Failed(Problem(Fault.AUTH, f"status {status}: the account may not read this"))
        if status != 200:
            raise Failed(Problem(Fault.STATUS, f"status {status}, expected 200: {_begin(body)}"))
        return str(handle.getinfo(pycurl.CONTENT_TYPE) or ""), body.data.decode("utf-8", "replace")
    except pycurl.error as error:
        if body.over:
            raise Failed(Problem(Fault.TOO_LARGE, f"more than {LARGEST >> 20} MiB")) from None
        raise Failed(problem(int(error.args[0]), str(error.args[1]), guard)) from None
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


def samples(kind: str, text: str, wanted: Iterable[str]) -> list[Sample]:
    """The finite samples of the metrics with these names. Raises Failed with what is wrong where."""
    names = frozenset(wanted)
    read: Callable[[str], Any] = read_text
    if "openmetrics" in kind:
        read = read_openmetrics
    else:
        text = _only(text, names)
    try:
        return [
            Sample(sample.name, sample.labels, float(sample.value))
            for family in read(text)
            for sample in family.samples
            if sample.name in names and math.isfinite(sample.value)
        ]
    except (ValueError, KeyError, IndexError) as error:  # what the parsers raise for what is not in the form
        raise Failed(Problem(Fault.PROTOCOL, f"not in Prometheus' form: {str(error)[:200]}")) from None


def _only(text: str, names: frozenset[str]) -> str:
    """The lines of the wanted metrics: an exporter may show a hundred times as many."""
    begins = re.compile(rf"^(?:{'|'.join(map(re.escape, sorted(names)))})[ \t{{].*$", re.MULTILINE)
    lines = begins.findall(text)
    if len(lines) > MOST_LINES:
        raise Failed(Problem(Fault.TOO_LARGE, f"more than {MOST_LINES} series of the wanted metrics"))
    if not lines and "<html" in text[:1000].lower():
        raise Failed(Problem(Fault.PROTOCOL, "a web page, not metrics; is the path right, such as /metrics?"))
    return "\n".join(lines) + "\n"


def query(server: str, expression: str, access: Access, network: NetworkPolicy, seconds: float) -> list[Sample]:
    """What a Prometheus server answers to one expression, now. Raises Failed."""
    url = f"{server.rstrip('/')}/api/v1/query?{urlencode({'query': expression, 'timeout': f'{max(1, int(seconds))}s'})}"
    _, text = fetch(url, access, network, seconds)
    try:
        data = json.loads(text)["data"]
        found = [{"metric": {}, "value": data["result"]}] if data["resultType"] == "scalar" else data["result"]
        return [
            Sample(str(one["metric"].get("__name__", "")), one["metric"], float(one["value"][1]))
            for one in found
            if math.isfinite(float(one["value"][1]))
        ]
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        raise Failed(Problem(Fault.PROTOCOL, f"no answer of Prometheus' query API: {text[:200]}")) from None


def _begin(body: Body) -> str:
    return body.data[:200].decode("utf-8", "replace")
