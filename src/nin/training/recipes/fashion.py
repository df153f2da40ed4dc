"""Fashion-MNIST, our best within 30 minutes on 2 cores.

Command: nin train fashion
"""

from nin.training.recipe import Recipe

FASHION = Recipe(
    name="fashion",
    data="fashion-mnist",
    preset="mnist",
    dropout=0.2,
    epochs=4,
    batch_size=128,
    optimizer="adamw",
    learning_rate=0.002,
    warmup=100,
    clip_norm=1.0,
    shift=2,
    flip=True,
    validation=0.05,
)
