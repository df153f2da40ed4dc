"""The book's network on Fashion-MNIST: its layers to the letter, trained small first.

Command: nin train book
Test accuracy: TODO
"""

from nin.training.recipe import Recipe

BOOK = Recipe(
    name="book",
    data="fashion-mnist",
    preset="book",
    dropout=0.3,
    image_size=96,
    smaller_first=(67, 67, 67, 67, 67),
    epochs=6,
    batch_size=128,
    optimizer="adamw",
    learning_rate=0.002,
    weight_decay=0.02,
    warmup=100,
    clip_norm=1.0,
    shift=1,
    flip=True,
    validation=0.05,
)
