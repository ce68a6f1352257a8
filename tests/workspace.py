"""Gives the whole test run a workspace of its own, before the settings are read; loaded by ``-p tests.workspace``."""

import atexit
import os
import shutil
import tempfile

if "MAINSTAY_TEST_WORKSPACE" not in os.environ:  # workers started by pytest-xdist share their parent's
    _directory = tempfile.mkdtemp(prefix="mainstay-tests-")
    os.environ["MAINSTAY_TEST_WORKSPACE"] = _directory
    atexit.register(shutil.rmtree, _directory, ignore_errors=True)
os.environ["MAINSTAY_WORKSPACE"] = os.environ["MAINSTAY_TEST_WORKSPACE"]
