"""The inspection sheet that comes with Mainstay: product knowledge, beside the packs."""

from functools import cache

from mainstay.domain.document import InspectionPart
from mainstay.domain.yaml_node import plain
from mainstay.domain.yaml_text import read
from mainstay.settings import PACKAGE

FILE = PACKAGE / "packs" / "inspection.yaml"


@cache
def template() -> InspectionPart:
    """Read once."""
    return InspectionPart.model_validate(plain(read(FILE.read_bytes())))
