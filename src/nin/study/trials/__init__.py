"""The trainings of a comparison, and their results.

`contender` names a network, `trial` trains it once, `trial_runner` runs many trials,
`results_cache` keeps each outcome as soon as it is known, and `row` has the results of one network.
"""
