"""`python -m estate`: runs itself inside the estate's own virtual environment.

The packages of the ERP live in `.venv-estate` beside this folder, so that no other program has to carry
them. This file needs the standard library only.
"""

from __future__ import annotations

import os
import sys

from estate import environment


def main() -> int:
    if not environment.is_inside():
        python = environment.python()
        if not python.exists():
            print("The estate is not installed yet: run 'sh setup/estate.sh' in the checkout.", file=sys.stderr)
            return 69
        os.execv(python, [str(python), "-m", "estate", *sys.argv[1:]])
    from estate.cli import run  # needs the packages of the environment we are in now

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
