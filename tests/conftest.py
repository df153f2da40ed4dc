"""What every test can use."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
# No test may read or fill the cache of the machine it runs on.
os.environ["NIN_DATA"] = "/nonexistent/nin-data"
