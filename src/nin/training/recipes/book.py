"""The chapter's experiment (*Dive into Deep Learning*, section 8.3), to the letter.

Command: nin train book
Not measured to its end here. The book prints a validation accuracy of 0.87 on TensorFlow.
"""

from nin.training.recipe import Recipe

BOOK = Recipe(
    name="book",
    data="fashion-mnist",
    preset="book",
    image_size=224,
    epochs=10,
    batch_size=128,
    optimizer="sgd",
    learning_rate=0.05,
    schedule="constant",
)
