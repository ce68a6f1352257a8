"""What the drivers tell the catalogue: which kinds there are, what may be set, what they measure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from pydantic import BaseModel

from mainstay.drivers import backup_tools, channels, probes, stores
from mainstay.drivers.backup_tools import Missing


@cache
def probe_kinds() -> tuple[str, ...]:
    """Names that may stand at ``probe: {kind: …}``."""
    return tuple(probes.kinds())


@cache
def probe_settings(kind: str) -> type[BaseModel]:
    """The settings model of a probe kind; KeyError for an unknown one."""
    model: type[BaseModel] = probes.load(kind).Settings
    return model


@cache
def metrics(kind: str) -> Mapping[str, str]:
    """Metric → unit of a probe kind; the first is its primary one."""
    found: Mapping[str, str] = probes.load(kind).METRICS
    return found


def title(kind: str, metric: str) -> str:
    """What people call a metric of a probe kind, as a saying; its own name where the target chose it."""
    titles: Mapping[str, str] = probes.load(kind).TITLES if kind in probe_kinds() else {}
    return titles.get(metric, metric)


def primary(kind: str, measured: Iterable[str] = ()) -> str:
    """The metric that a condition without one is about. Of a kind whose target names its metrics it is the first that
    was measured, ``"*"`` before any was; of an unknown kind empty."""
    first = next(iter(metrics(kind)), "") if kind in probe_kinds() else ""
    return next(iter(measured), first) if first == "*" else first


@cache
def metrics_are_fixed(kind: str) -> bool:
    """Whether ``METRICS`` names all metrics of the kind. Kinds whose metrics the target names say ``"*"``."""
    return "*" not in metrics(kind)


@cache
def channel_kinds() -> tuple[str, ...]:
    """Names that may stand at a channel's ``kind``."""
    return tuple(channels.kinds())


@cache
def channel_settings(kind: str) -> type[BaseModel]:
    """The settings model of a channel kind; KeyError for an unknown one."""
    model: type[BaseModel] = channels.load(kind).Settings
    return model


@cache
def store_kinds() -> tuple[str, ...]:
    """Names that may stand at a store's ``kind``."""
    return tuple(stores.kinds())


@cache
def store_settings(kind: str) -> type[BaseModel]:
    """The settings model of a store kind; KeyError for an unknown one."""
    model: type[BaseModel] = stores.load(kind).Settings
    return model


@dataclass(frozen=True, slots=True)
class Tool:
    """What the catalogue must know of a backup tool: the component kinds that it fits, the levels that it can make,
    whether its copies go into a restic repository, whether they can be opened on another host, and to which kinds of
    stores it can take them from one."""

    serves: tuple[str, ...]
    levels: tuple[str, ...]
    staged: bool
    far: bool = False
    away: tuple[str, ...] = ()


@cache
def backup_tool_kinds() -> tuple[str, ...]:
    """Names that may stand at a policy's ``tool``, those first that are the default before others."""
    installed = backup_tools.kinds()
    return (*(one for one in backup_tools.ORDER if one in installed), *sorted({*installed} - {*backup_tools.ORDER}))


@cache
def backup_tool(kind: str) -> Tool:
    """A backup tool; KeyError for an unknown one."""
    module = backup_tools.load(kind)
    far, away = bool(getattr(module, "FAR", False)), tuple(getattr(module, "AWAY", ()))
    return Tool(tuple(module.SERVES), tuple(module.LEVELS), module.KEEPS == "staged", far, away)


def backup_tool_for(component_kind: str) -> str:
    """The tool that is meant where a policy names none; empty where none fits."""
    return next((one for one in backup_tool_kinds() if component_kind in backup_tool(one).serves), "")


def lacking(kind: str) -> Sequence[Missing]:
    """What a tool lacks on this machine, asked anew, for it can be installed while we run."""
    found: Sequence[Missing] = backup_tools.load(kind).lacks()
    return found
