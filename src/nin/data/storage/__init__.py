"""Where the bytes of pictures are and how they are read; `picture_store` finds them by name."""
