"""A store as it is set up, ready to be used."""

from typing import Any

from mainstay.catalogue import queries
from mainstay.catalogue.models import Store
from mainstay.drivers import stores
from mainstay.settings import NETWORK


def opened(row: Store) -> Any:
    """The place that a store stands for. Raises KeyError for a kind that is not in this version, Unfilled, and
    ValidationError for what was filled in and does not fit."""
    module = stores.load(row.kind)
    return module.Store(module.Settings.model_validate(queries.store_settings(row)), NETWORK)
