"""The networks of *Network in Network* (Lin, Chen, Yan 2014, arXiv 1312.4400) on their own data.

They train the published layers, parameter for parameter, on the images as stored; the paper whitens
them. The paper's augmentation is the same: shifts and mirror images. Times are estimates for 2
cores with bfloat16, from the speed of the first epochs or, for deep networks, from multiply-adds.

`CIFAR10`, 966,986 parameters. Command: nin train cifar10
Test accuracy: 0.849 ± 0.001 (n = 3, results/cifar10.json) on a copy of the images as JPEG of
quality 75. About an hour and a half. The paper, with augmentation: 0.9119.

`CIFAR10_DEEP`, 989,130 parameters, a table of stages of our own. Command: nin train cifar10-deep
Test accuracy: 0.889 ± 0.002 (n = 3, results/cifar10-deep.json) on the same copy. About an hour
and a half.

`CIFAR100`, 984,356 parameters. Command: nin train cifar100
Not run here: its images are not on the package registries. About an hour. The paper: 0.6432.

`SVHN`, 1,986,026 parameters. Command: nin train svhn
Not run here: its images are not on the package registries. About an hour. The paper: 0.9765.

`MNIST`, 349,674 parameters. Command: nin train mnist
Not run here: its images are not on the package registries. About 10 minutes. The paper: 0.9953.

`FASHION28`, the network of `MNIST` on Fashion-MNIST. Command: nin train fashion28
Test accuracy: 0.935 ± 0.001 (n = 3, results/fashion28.json), in 19 minutes on 2 cores, or in 37 on
busy ones.

`FASHION28_DEEP`, the network of `CIFAR10_DEEP` on Fashion-MNIST. Command: nin train fashion28-deep
Test accuracy: 0.950 ± 0.000 (n = 2, results/fashion28-deep.json), in 99 minutes on 2 busy cores.
"""

from nin.training.recipe import Recipe

CIFAR10 = Recipe(
    name="cifar10",
    data="cifar10",
    preset="cifar10",
    dropout=0.3,
    image_size=32,
    epochs=36,
    batch_size=128,
    optimizer="adamw",
    learning_rate=0.002,
    weight_decay=0.2,
    decay_biases=False,
    warmup=200,
    clip_norm=1.0,
    shift=4,
    fill_mode="constant",
    flip=True,
    validation=0.05,
)

CIFAR100 = CIFAR10.revised(name="cifar100", data="cifar100", preset="cifar100")

SVHN = CIFAR10.revised(
    name="svhn", data="svhn", preset="svhn", epochs=20, warmup=100, shift=2, flip=False
)

MNIST = SVHN.revised(name="mnist", data="mnist", preset="mnist", image_size=28, weight_decay=0.02)

FASHION28 = MNIST.revised(name="fashion28", data="fashion-mnist", epochs=28, flip=True)

CIFAR10_DEEP = CIFAR10.revised(
    name="cifar10-deep",
    preset="deep",
    dropout=0.2,
    epochs=60,
    learning_rate=0.004,
    cutmix=1.0,
    mixup_prob=0.5,
)

FASHION28_DEEP = CIFAR10_DEEP.revised(
    name="fashion28-deep", data="fashion-mnist", image_size=28, shift=2, epochs=40
)
