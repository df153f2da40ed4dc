"""PyTorch as a good engineer writes it: channels last, images held as bytes, resized on the fly.

With ``compiled=True`` resizing and network go through `torch.compile` together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from contenders.clock import Answer, Clock
from contenders.task import LEARNING_RATE, Block, Drop, Task, noise


def measure(task: Task, seconds: float, compiled: bool = False) -> Answer:
    """Train, then predict.

    Args:
        task: what to do.
        seconds: for how long.
        compiled: whether to use `torch.compile`.
    """
    net = network(task).to(memory_format=torch.channels_last)
    images, labels = (torch.from_numpy(array) for array in noise(task))
    images = images.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
    labels = labels.long()

    def answers(x: Any) -> Any:
        x = x.float() / 255
        if task.stored[0] != task.size:
            x = functional.interpolate(x, size=(task.size, task.size), mode="bilinear")
        return net(x.contiguous(memory_format=torch.channels_last))

    if compiled:
        answers = torch.compile(answers)
    training = Clock(seconds, task.batch_size)
    _train(net, answers, training.around(_batches(images, labels, task.batch_size)))
    prediction = Clock(seconds, task.batch_size)
    _predict(net, answers, prediction.around(images.split(task.batch_size)))
    parameters = sum(weight.numel() for weight in net.parameters())
    return Answer(parameters, training.speed(), prediction.speed())


def network(task: Task) -> nn.Sequential:
    """The network of `task`."""
    made: list[nn.Module] = []
    channels = task.stored[2]
    for layer in task.layers:
        if isinstance(layer, Block):
            made += _block(layer, channels)
            channels = layer.widths[-1]
        elif isinstance(layer, Drop):
            made.append(nn.Dropout(layer.rate))
        else:
            # Keras pads at the end only where a window would not be full: so does ceil mode.
            made.append(nn.MaxPool2d(3, stride=2, ceil_mode=layer.padding == "same"))
    return nn.Sequential(*made, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def _block(block: Block, channels: int) -> list[nn.Module]:
    made: list[nn.Module] = []
    for number, width in enumerate(block.widths):
        size, strides = (block.kernel_size, block.strides) if number == 0 else (1, 1)
        padding = (size - 1) // 2 if block.padding == "same" else 0
        made += [nn.Conv2d(channels, width, size, strides, padding), nn.ReLU()]
        channels = width
    return made


def _batches(images: Any, labels: Any, size: int) -> Iterator[tuple[Any, Any]]:
    order = torch.randperm(len(images))
    for chosen in order.split(size):
        yield images[chosen], labels[chosen]


def _train(net: nn.Module, answers: Callable[..., Any], batches: Iterator[Any]) -> None:
    optimizer = torch.optim.SGD(net.parameters(), lr=LEARNING_RATE)
    right = torch.zeros((), dtype=torch.long)
    net.train()
    for x, y in batches:
        optimizer.zero_grad(set_to_none=True)
        logits = answers(x)
        functional.cross_entropy(logits, y).backward()
        optimizer.step()
        right += (logits.argmax(1) == y).sum()


def _predict(net: nn.Module, answers: Callable[..., Any], batches: Iterator[Any]) -> None:
    net.eval()
    with torch.inference_mode():
        for x in batches:
            answers(x)
