"""Images that are already in memory, in a file of arrays, or produced by a user's loader.

`pixel_values` and `label_values` check and convert arrays, `npz_file` reads a file of them,
`given_arrays` holds them as given, `array_division` divides them into parts, and `array_images`
and `loader_images` are the data sets.
"""
