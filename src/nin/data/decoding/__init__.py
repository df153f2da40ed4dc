"""How a picture becomes an array of bytes: for training, for prediction and on the server alike.

`decode` does it; `picture_formats` opens the file, `header` looks no further than its header,
`colour_profile`, `stored_pixels` and `bit_depth` interpret its numbers.
"""
