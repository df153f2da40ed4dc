"""Images that are in memory already, or in one file of arrays, or come out of somebody's loader.

`pixel_values` and `label_values` say what an array may hold, `npz_file` how a file of them is read,
`given_arrays` what somebody gave, `array_division` how it is divided, and `array_images` and
`loader_images` are the data sets.
"""
