"""Metrics of an exporter, chosen by name and labels; or what a Prometheus server answers to PromQL."""

import time
from collections.abc import Mapping

from pydantic import Field, ValidationInfo, field_validator

from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.saying import say, words_of
from mainstay.domain.selector import Selector, parse_selector
from mainstay.drivers.curl import Failed
from mainstay.drivers.exposition import Access, Sample, query, shown
from mainstay.drivers.foreign import at
from mainstay.drivers.kinds import Strict
from mainstay.drivers.probes import Reach

BLOCKING = True
METRICS = {"*": "1", "time": "s"}
TITLES = {
    "time": say("response time"),
}  # fmt: skip
_ROWS = 20


class Settings(Strict):
    """``metrics`` are read from an exporter at ``url``, ``queries`` are asked of the Prometheus server at ``url``."""

    url: str = Field("", description="the exporter's page or the server's address; left to the component if empty")
    metrics: dict[str, str] = Field({}, description='name → selector, such as sum(http_requests_total{code=~"5.."})')
    user: str = ""
    password: str = Field("", description="write a ${SECRET}")
    token: str = Field("", description="sent as a bearer token; write a ${SECRET}")
    ca_file: str = ""
    verify: bool = True
    queries: dict[str, str] = Field({}, description="name → PromQL that gives one number", validate_default=True)

    @field_validator("metrics")
    @classmethod
    def _selectors(cls, value: dict[str, str]) -> dict[str, str]:
        for text in value.values():
            parse_selector(text)
        return value

    @field_validator("queries")
    @classmethod
    def _one_of_both(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        if "metrics" in info.data and bool(value) == bool(info.data["metrics"]):
            raise ValueError("write either metrics (of an exporter) or queries (to a Prometheus server)")
        return value


class Probe:
    """Keeps the sums of the look before, for rates."""

    def __init__(self, settings: Settings, reach: Reach) -> None:
        self._settings, self._reach = settings, reach
        self._url = settings.url or str(reach.component.get("url", ""))
        self._selectors = {name: parse_selector(text) for name, text in settings.metrics.items()}
        self._access = Access(settings.user, settings.password, settings.token, settings.ca_file, settings.verify)
        self._before: dict[str, tuple[float, float]] = {}

    def read(self) -> Reading:
        if not self._url.startswith(("http://", "https://")):
            detail = say("no url; give the probe or its component such as http://192.0.2.7:9100/metrics")
            return Reading(problem=Problem(Fault.SETUP, detail), blind=True)
        began = time.monotonic()
        try:
            found = self._asked(began) if self._settings.queries else self._shown()
        except Failed as error:
            return Reading(problem=error.problem)
        values = self._joined(found)
        if isinstance(values, Problem):
            return Reading({"time": time.monotonic() - began}, values, rows=_rows(found))
        return Reading({**values, "time": time.monotonic() - began}, rows=_rows(found), units={"time": "s"})

    def _shown(self) -> dict[str, list[Sample]]:
        names = {selector.name for selector in self._selectors.values()}
        found = shown(self._url, self._access, self._reach.network, self._reach.timeout, names)
        return {
            name: [one for one in found if one.name == selector.name and selector.chooses(one.labels)]
            for name, selector in self._selectors.items()
        }

    def _asked(self, began: float) -> dict[str, list[Sample]]:
        rest = began + self._reach.timeout
        return {
            name: query(self._url, text, self._access, self._reach.network, max(0.1, rest - time.monotonic()))
            for name, text in self._settings.queries.items()
        }

    def _joined(self, found: Mapping[str, list[Sample]]) -> dict[str, float] | Problem:
        values: dict[str, float] = {}
        for name, chosen in found.items():
            selector = self._selectors.get(name, Selector(name))
            if not chosen and selector.function != "count":
                asked = self._settings.metrics.get(name) or self._settings.queries[name]
                return Problem(Fault.MISSING, say("%(name)s: nothing matches %(asked)s", name=name, asked=asked))
            try:
                number = selector.join(one.value for one in chosen)
            except ValueError as error:
                return Problem(Fault.CONTENT, at(name, words_of(error)))
            if selector.function == "rate":
                values |= self._rate(name, number)
            else:
                values[name] = number
        return values

    def _rate(self, name: str, number: float) -> dict[str, float]:
        """Nothing at the first look, and none after the counter began anew."""
        now, before = time.monotonic(), self._before.get(name)
        self._before[name] = (now, number)
        if before is None or number < before[1] or now <= before[0]:
            return {}
        return {name: (number - before[1]) / (now - before[0])}

    def close(self) -> None:
        """Nothing is kept open between two looks."""


def _rows(found: Mapping[str, list[Sample]]) -> list[dict[str, object]]:
    """The largest series of each, as evidence."""
    rows: list[dict[str, object]] = []
    for name, chosen in found.items():
        for one in sorted(chosen, key=lambda sample: sample.value, reverse=True)[:_ROWS]:
            labels = {key: text for key, text in one.labels.items() if key != "__name__"}
            rows.append({"metric": name, "value": one.value, **labels})
    return rows[:_ROWS]
