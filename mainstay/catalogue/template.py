"""What comes with Mainstay as product knowledge, beside the packs: the inspection sheet, and the practice of levels."""

from functools import cache

from mainstay.domain.document import InspectionPart
from mainstay.domain.document_levels import Practice
from mainstay.domain.yaml_node import plain
from mainstay.domain.yaml_text import read
from mainstay.settings import PACKAGE

FILE = PACKAGE / "packs" / "inspection.yaml"
INCIDENTS = PACKAGE / "packs" / "incidents.yaml"


@cache
def template() -> InspectionPart:
    """Read once."""
    return InspectionPart.model_validate(plain(read(FILE.read_bytes())))


@cache
def practice() -> Practice:
    """Read once."""
    return Practice.model_validate(plain(read(INCIDENTS.read_bytes())))
