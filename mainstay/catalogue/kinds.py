"""What the drivers tell the catalogue: which kinds there are, what may be set, what they measure."""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache

from pydantic import BaseModel

from mainstay.drivers import channels, probes


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
    names = (module.name for module in pkgutil.iter_modules(channels.__path__))
    return tuple(sorted(name for name in names if not name.startswith("_")))


@cache
def channel_settings(kind: str) -> type[BaseModel]:
    """The settings model of a channel kind; KeyError for an unknown one."""
    if kind not in channel_kinds():
        raise KeyError(kind)
    model: type[BaseModel] = importlib.import_module(f"{channels.__name__}.{kind}").Settings
    return model
