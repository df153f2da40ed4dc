"""A run and its folder: what a training leaves, and what can be done with it later.

`run` opens the folder; `record`, `description`, `weights` and `checkpoint` read and write its
files, and `run_format` has the types of its record. `run_folder` makes the folder, `run_images`
finds the images that the run was trained on, and `evaluation` evaluates it.
"""
