"""A run and its folder: what a training leaves, and what can be done with it later.

`run` opens a folder; `record`, `description`, `weights` and `checkpoint` are the files in it, and
`run_format` names what is recorded; `run_folder` is its making, `run_images` the images that it was
trained on; `evaluation` evaluates it.
"""
