"""The trainings of a comparison: what takes part, one training each, and what came of them.

`contender` names a network, `trial` trains it once, `trial_runner` runs many of them and
`results_cache` keeps each as soon as it is there; `row` is what one network came to.
"""
