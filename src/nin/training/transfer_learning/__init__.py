"""Transfer from a pretrained trunk that stays as it is: only the head on top is trained.

`transfer` is the training; `part_features` and `feature_cache` hold what the trunk makes of the
pictures, `head` fits the head to them, `from_scratch` tries whether a network of its own would do
better.
"""
