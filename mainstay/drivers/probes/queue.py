"""A queue: how much waits in it, and for how long. Four sources: RabbitMQ, Redis, a table, a directory.

``depth`` is all that was not finished: what waits (``ready``) and what was handed out and not acknowledged
(``unacknowledged``), where the source tells them apart. ``age`` is that of the oldest; 0 when nothing waits.
"""

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from pydantic import Field, ValidationInfo, field_validator

from mainstay.domain.json_path import JsonPath, parse_path
from mainstay.domain.reading import Reading
from mainstay.domain.saying import say
from mainstay.drivers.kinds import Strict
from mainstay.drivers.probes import Reach
from mainstay.drivers.queue_directory import Directory
from mainstay.drivers.queue_rabbitmq import RabbitMQ
from mainstay.drivers.queue_redis import Redis
from mainstay.drivers.queue_table import TableQueue, waiting_rows
from mainstay.drivers.tables import Table

BLOCKING = True
METRICS = {"depth": "1", "age": "s", "ready": "1", "unacknowledged": "1", "consumers": "1"}
TITLES = {
    "depth": say("messages in the queue"), "age": say("age of the oldest message"), "ready": say("messages ready"),
    "unacknowledged": say("messages not acknowledged"), "consumers": say("consumers"),
}  # fmt: skip

_COLUMN = r"^[A-Za-z_][\w$]*$|^$"
_TABLE = r"^[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*){0,2}$|^$"
_SERVER = ("url", "user", "password", "ca_file")
_KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "rabbitmq": (("queue",), (*_SERVER, "vhost")),
    "redis": (("key",), (*_SERVER, "group", "age_field", "scores")),
    "table": ((), ("dsn", "query", "params", "table", "time_column", "where")),
    "directory": (("path",), ("pattern",)),
}
"""What each source needs, and what else it may have."""


class Settings(Strict):
    """``source`` says which keys belong to it: each key's description begins with its sources."""

    url: str = Field("", description="rabbitmq, redis: left to the component's url if empty")
    user: str = Field("", description="rabbitmq, redis")
    password: str = Field("", description="rabbitmq, redis: write a ${SECRET}")
    ca_file: str = Field("", description="rabbitmq, redis: trust these instead of the system's")
    vhost: str = Field("/", description="rabbitmq: the virtual host")
    queue: str = Field("", description="rabbitmq: the queue's name")
    key: str = Field("", description="redis: a list, a stream, a sorted set or a set")
    group: str = Field("", description="redis: the consumer group of a stream whose work is counted")
    age_field: str = Field("", description="redis: a field of a list's JSON elements with their time, or $.a.path")
    scores: Literal["times", "ranks"] = Field("times", description="redis: what a sorted set is sorted by")
    dsn: str = Field("", description="table: only where the component has none")
    query: str = Field("", max_length=50_000, description="table: one SELECT that gives depth and, if known, oldest")
    params: dict[str, str | int | float | bool] = Field({}, description="table: names for the query")
    table: str = Field("", pattern=_TABLE, description="table: instead of a query")
    time_column: str = Field("", pattern=_COLUMN, description="table: when a row came in; one without a zone is UTC")
    where: str = Field("", max_length=10_000, description="table: which rows wait; all of them if empty")
    path: str = Field("", description="directory: its absolute path")
    pattern: str = Field("*", description="directory: names of files that wait, such as *.xml")
    source: Literal["rabbitmq", "redis", "table", "directory"]  # the last: judged when all others are known

    @field_validator("age_field")
    @classmethod
    def _leads_somewhere(cls, value: str) -> str:
        if value:
            age_path(value)
        return value

    @field_validator("path")
    @classmethod
    def _is_absolute(cls, value: str) -> str:
        if value and not value.startswith("/"):
            raise ValueError(f"{value!r} depends on where Mainstay was started; write an absolute path")
        return value

    @field_validator("source")
    @classmethod
    def _has_its_keys(cls, value: str, info: ValidationInfo) -> str:
        needed, allowed = _KEYS[value]
        given = {name for name, found in info.data.items() if found != cls.model_fields[name].default}
        known = ", ".join((*needed, *allowed))
        if strange := sorted(given - {*needed, *allowed}):
            raise ValueError(f"{', '.join(strange)} does not belong to the source {value}; its keys are {known}")
        if absent := [name for name in needed if name not in given and name in info.data]:
            raise ValueError(f"the source {value} needs {', '.join(absent)}; its keys are {known}")
        if value == "table" and (
            ("query" in given) == ("table" in given) or ("table" in given) != ("time_column" in given)
        ):
            raise ValueError("the source table needs a query, or a table and its time_column; give one of the two")
        if "query" in given and "where" in given:
            raise ValueError("where belongs to a table; write it into the query")
        return value


def age_path(text: str) -> JsonPath:
    """A field's name, or a path. Raises ValueError."""
    return parse_path(text if text.startswith("$") else f"$['{text}']")


class Source(Protocol):
    """What each kind of queue offers."""

    def read(self) -> Reading: ...

    def close(self) -> None: ...


class Probe:
    """Hands over to the source."""

    def __init__(self, settings: Settings, reach: Reach) -> None:
        self._source = _SOURCES[settings.source](settings, reach)

    def read(self) -> Reading:
        return self._source.read()

    def close(self) -> None:
        self._source.close()


def _url(settings: Settings, reach: Reach) -> str:
    return settings.url or str(reach.component.get("url", ""))


def _rabbitmq(settings: Settings, reach: Reach) -> Source:
    return RabbitMQ(
        _url(settings, reach), settings.vhost, settings.queue, user=settings.user, password=settings.password,
        ca_file=settings.ca_file, network=reach.network, seconds=reach.timeout,
    )  # fmt: skip


def _redis(settings: Settings, reach: Reach) -> Source:
    return Redis(
        _url(settings, reach), settings.key, user=settings.user, password=settings.password, ca_file=settings.ca_file,
        group=settings.group, age_path=age_path(settings.age_field) if settings.age_field else None,
        scores_are_times=settings.scores == "times", network=reach.network, seconds=reach.timeout,
    )  # fmt: skip


def _table(settings: Settings, reach: Reach) -> Source:
    query = settings.query or waiting_rows(settings.table, settings.time_column, settings.where)
    return TableQueue(query, Table(settings.dsn, settings.params, reach))


def _directory(settings: Settings, reach: Reach) -> Source:
    return Directory(settings.path, settings.pattern, reach.timeout)


_SOURCES: Mapping[str, Callable[[Settings, Reach], Source]] = {
    "rabbitmq": _rabbitmq, "redis": _redis, "table": _table, "directory": _directory,
}  # fmt: skip
