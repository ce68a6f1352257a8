"""``python -m mainstay``: the same command line as ``mainstay``."""

from mainstay.cli.main import run

if __name__ == "__main__":
    run()
