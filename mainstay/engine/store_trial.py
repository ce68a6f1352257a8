"""Whether a store can be written to, asked for by somebody who waits for the answer."""

from dataclasses import dataclass

from django.db import transaction
from pydantic import ValidationError

from mainstay.audit.actions import record
from mainstay.catalogue import queries
from mainstay.catalogue.models import Store
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.placeholder import Unfilled
from mainstay.domain.saying import say
from mainstay.drivers.stores import Unreachable
from mainstay.engine.stores import opened


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of it. ``answer`` says why it cannot be reached; empty when it can. ``free`` in bytes, where the
    store says it."""

    store: str
    reached: bool
    answer: str = ""
    free: int | None = None


def try_store(name: str, *, actor: Actor) -> Tried:
    """Write a little into a store and remove it again. Raises Store.DoesNotExist."""
    authorise(actor, "store.try")
    row = queries.store(name, actor.sight)
    tried = _tried(row)
    with transaction.atomic():
        record(actor, "store.try", name, {"reached": tried.reached, "answer": tried.answer})
    return tried


def _tried(row: Store) -> Tried:
    try:
        store = opened(row)
        store.reach()
        return Tried(row.name, True, free=store.free(row.name))
    except (Unreachable, Unfilled) as error:
        return Tried(row.name, False, str(error))
    except KeyError:
        return Tried(row.name, False, say("there is no kind of store %(kind)s here", kind=row.kind))
    except ValidationError as error:  # its own words would say the value
        keys = sorted({".".join(map(str, item["loc"])) for item in error.errors(include_input=False)})
        return Tried(row.name, False, say("the value filled into %(keys)s does not fit", keys=", ".join(keys)))
