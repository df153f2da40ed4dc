"""Transfer from a pretrained trunk that stays frozen: only the head on top is trained.

`transfer` runs the training; `part_features` and `feature_cache` compute and keep the trunk's
features of the pictures, `head` fits the head to them, and `from_scratch` tries whether a network
trained from scratch would do better.
"""
