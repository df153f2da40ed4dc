"""A run and its exported file."""

from exported_runs import exported, first_run, real_digits, run  # noqa: F401
