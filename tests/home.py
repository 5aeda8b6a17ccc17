"""Gives each test run a data directory of its own. Loaded before Django's settings, which a conftest is not."""

import atexit
import os
import shutil
import tempfile

os.environ["NEXUS_PAIR_LIMIT"] = "0"  # tests send much at once
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["NEXUS_HOME"] = tempfile.mkdtemp(prefix="nexus-tests-")
    atexit.register(shutil.rmtree, os.environ["NEXUS_HOME"], ignore_errors=True)
