"""A run and its folder: what a training leaves, and what can be asked of it later.

`run` opens a folder; `record`, `description`, `weights` and `checkpoint` are the files in it,
`run_folder` its making, `run_images` the images it was trained on; `evaluation` judges it.
"""
