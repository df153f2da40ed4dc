"""How a picture becomes a uint8 array, in the same way for training, prediction and the server.

`decode` does it; `picture_formats` opens the file, `header` reads only its header, and
`colour_profile`, `stored_pixels` and `bit_depth` interpret its pixel values.
"""
