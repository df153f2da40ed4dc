"""The book's network on Fashion-MNIST: its layers to the letter, on the smallest images it takes.

Command: nin train book
Test accuracy: TODO
"""

from nin.training.recipe import Recipe

BOOK = Recipe(
    name="book",
    data="fashion-mnist",
    preset="book",
    dropout=0.2,
    image_size=67,
    epochs=4,
    batch_size=128,
    optimizer="adamw",
    learning_rate=0.002,
    warmup=100,
    clip_norm=1.0,
    flip=True,
    validation=0.05,
)
