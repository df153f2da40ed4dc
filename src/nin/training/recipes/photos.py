"""A folder of photographs, one directory a class.

Command: nin train FOLDER
"""

from nin.training.recipe import Recipe

PHOTOS = Recipe(
    name="photos",
    data="photos",
    preset="book",
    image_size=128,
    epochs=15,
    batch_size=64,
    optimizer="adamw",
    learning_rate=0.001,
    warmup=100,
    clip_norm=1.0,
    shift=8,
    flip=True,
)
