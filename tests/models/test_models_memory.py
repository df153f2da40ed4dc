"""What a training has taken comes free when nobody holds its network any more."""

from __future__ import annotations

import gc

import keras
import numpy as np
import pytest

import nin

X, Y = np.random.default_rng(0).integers(0, 256, (12, 28, 28, 1), np.uint8), np.arange(12) % 2


def trained():
    model = nin.LeNet(num_classes=2)
    data = nin.ImageArrays(X, Y, batch_size=4)
    nin.Trainer(1, gradient_clip_val=1, start=False, verbose=False).fit(model, data)
    return model


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's own")
def test_no_graph_of_a_training_is_kept():
    from tensorflow.python.framework.func_graph import FuncGraph

    def graphs():
        keras.backend.clear_session()
        gc.collect()
        return sum(type(each) is FuncGraph for each in gc.get_objects())

    trained()
    before = graphs()
    for _ in range(2):
        trained()
    assert graphs() <= before


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's own")
def test_gradients_of_several_replicas_are_summed():
    import tensorflow as tf

    model = nin.LeNet(num_classes=2)
    model.compile(keras.optimizers.SGD())
    assert model.optimizer._all_reduce_sum_gradients is list
    with tf.distribute.OneDeviceStrategy("cpu:0").scope():
        model.compile(keras.optimizers.SGD())
    assert model.optimizer._all_reduce_sum_gradients is not list
