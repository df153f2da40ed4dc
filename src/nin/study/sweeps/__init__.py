"""Sweeps: what is varied, in which combinations, and how long it takes."""
