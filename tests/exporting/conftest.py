"""A run to be exported, and images of every kind."""

from exported_runs import exported, first_run, noise, real_digits, run  # noqa: F401
from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
