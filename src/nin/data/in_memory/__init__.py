"""Images that are in memory already, or in one file of arrays, or come out of somebody's loader.

`pixel_values` and `label_values` check what an array holds, `npz_file` reads a file of them,
`given_arrays` is what somebody gave, `array_division` divides it, and `array_images` and
`loader_images` are the data sets.
"""
