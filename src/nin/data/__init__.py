"""Where labelled images come from: published sets, folders of pictures, the book's `DataModule`.

`folders` lists what a folder of pictures holds, `decoding` turns a picture into an array, and
`duplicate_detection` finds pictures that occur more than once. Everything is loaded when first
used, so that importing this package costs nothing.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
