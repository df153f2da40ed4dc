"""The chapter's experiment (*Dive into Deep Learning*, section 8.3), with its settings.

Command: nin train chapter
Not trained to its end here. By results/speed.json it would take two and a half hours on 2 cores in
float32, under two in bfloat16. The book prints a validation accuracy of 0.87 on TensorFlow; `book`
reaches that in three minutes.
"""

from nin.training.recipe import Recipe

CHAPTER = Recipe(
    name="chapter",
    data="fashion-mnist",
    preset="book",
    image_size=224,
    epochs=10,
    batch_size=128,
    optimizer="sgd",
    learning_rate=0.05,
    schedule="constant",
)
