"""A folder of photographs, one directory per class.

Command: nin train FOLDER

`PHOTOS` keeps what EfficientNet-Lite1 learnt from ImageNet and fits class maps to it: a minute or
less for 4,000 photographs, and the same result whatever the seed. `FINETUNED` then trains all
layers by gradients: it takes minutes and is two to three points better on the clothes below.
`FROM_SCRATCH` trains the book's network on the folder alone, for pictures that are unlike
photographs, or to see what pretraining is worth. It also trains any other network without
pretrained weights, with an image size and learning rate that suit it. `SMALL_GREY` trains the
paper's network for handwritten digits, at half its width.

Test accuracy on 3,781 photographs of clothes (results/photos.json, 2 busy cores): frozen
0.922 (n = 1) after a minute, 0.912 ± 0.004 (n = 3) on new random splits; fine-tuned
0.944 (n = 1) and 0.939 ± 0.002 (n = 3) after seven to eight minutes; from scratch 0.677 (n = 1)
after six.
"""

from nin.training.recipe import Recipe

PHOTOS = Recipe(
    name="photos",
    data="photos",
    preset="efficientnet-lite1",
    image_size=288,
    resize_mode="crop",
    stream=True,
    epochs=4,
    batch_size=32,
    least_steps=96,
    optimizer="adamw",
    learning_rate=0.0002,
    warmup=100,
    clip_norm=1.0,
    crop=0.35,
    crop_size=224,
    flip=True,
    validation=0.0,
)

FINETUNED = PHOTOS.revised(finetune=True, validation=0.1)

FROM_SCRATCH = Recipe(
    name="scratch",
    data="photos",
    preset="book",
    image_size=224,
    epochs=15,
    batch_size=64,
    least_steps=300,
    least_batches=8,
    optimizer="adamw",
    learning_rate=0.001,
    warmup=100,
    clip_norm=1.0,
    shift=14,
    flip=True,
)

SMALL_GREY = FROM_SCRATCH.revised(preset="mnist", width=0.5, image_size=28, shift=2, flip=False)
