"""How far a difference between two networks can be trusted, and what it would take to show it.

Paired intervals and tests by seed and by image, Holm's correction, power, Pareto fronts.
"""
