"""What a run needs to touch the world: settings with their secrets filled in. Never show or log them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import Component, Policy, Store
from mainstay.catalogue.policies import definition
from mainstay.catalogue.secret_book import SecretBook
from mainstay.catalogue.totals import totals_of
from mainstay.domain.backup_policy import same_database
from mainstay.domain.placeholder import fill
from mainstay.domain.saying import say
from mainstay.drivers.backup_tools import Source


class OtherDatabase(ValueError):
    """A copy would be of something else than what is watched, and its proof would compare it with itself."""


@dataclass(frozen=True, slots=True)
class Means:
    """The source of a policy, its stores in their order, and the host where its copies are proved, as its component
    says; None for this machine."""

    source: Source = field(repr=False)
    stores: tuple[Store, ...]
    host: Mapping[str, Any] | None = None


def component_settings(component: Component) -> dict[str, Any]:
    """With every ``${NAME}`` filled in. Raises Unfilled."""
    filled: dict[str, Any] = fill({"kind": component.kind, **component.settings}, SecretBook().value)
    return filled


def means(policy: Policy) -> Means:
    """Raises Unfilled, OtherDatabase, Store.DoesNotExist, Component.DoesNotExist."""
    meant = definition(policy)
    source = Source(
        component=_component(policy, meant.dsn), paths=fill(meant.paths, SecretBook().value), exclude=meant.exclude,
        databases=meant.databases, parallel=meant.parallel, totals=totals_of(policy.component),
        tables=meant.prove.tables, host=_named(policy, meant.on) or {},
    )  # fmt: skip
    return Means(source, tuple(catalogue.store(name) for name in meant.stores), _named(policy, meant.prove.on))


def _named(policy: Policy, name: str | None) -> dict[str, Any] | None:
    """A component of the policy's system, as its settings are."""
    return component_settings(catalogue.components(policy.system.name).get(name=name)) if name else None


def _component(policy: Policy, dsn: str) -> dict[str, Any]:
    """As whoever takes its copies signs in."""
    settings = component_settings(policy.component)
    if not dsn:
        return settings
    account = fill(dsn, SecretBook().value)
    if not same_database(str(settings.get("dsn", "")), account):
        raise OtherDatabase(say("the policy's dsn names another database than its component's"))
    return {**settings, "dsn": account}


def asked(source: Source) -> dict[str, Any]:
    """Of a source what a proof must ask again, whatever the catalogue says by then; no secret is among it."""
    return {
        "paths": [*source.paths], "exclude": [*source.exclude], "databases": [*source.databases],
        "totals": dict(source.totals), "tables": [*source.tables],
    }  # fmt: skip


def source_as_asked(component: Mapping[str, Any], asked: Mapping[str, Any], parallel: int) -> Source:
    """The source as it was when a copy was made; ``component`` may point at a restored one."""
    return Source(component=component, parallel=parallel, **asked)
