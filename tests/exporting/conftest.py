"""A run to be exported, and images of every kind."""

from exported_runs import exported, first_run, noise, real_digits, run  # noqa: F401
