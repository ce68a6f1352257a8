"""Programs that somebody who may only write a catalogue can name: those in directories that an administrator named."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from mainstay.domain.reading import Fault, Problem
from mainstay.domain.saying import say


def named(name: str, directories: Sequence[str]) -> str | Problem:
    """The path of a program that may be run."""
    if "/" in name:
        path = os.path.normpath(name)
        if not any(Path(path).is_relative_to(directory) for directory in directories):
            return Problem(Fault.SETUP, say(
                "%(path)s is in none of the plugin directories (%(directories)s); an administrator can add one under "
                "plugin_directories", path=path, directories=", ".join(directories),
            ))  # fmt: skip
        found = shutil.which(path)
    else:
        found = shutil.which(name, path=os.pathsep.join(directories))
    absent = say("there is no program %(name)s in %(directories)s; install it", name=name,
                 directories=", ".join(directories))  # fmt: skip
    return found or Problem(Fault.SETUP, absent)
