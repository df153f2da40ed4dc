"""What a training has taken comes free when nobody holds its network any more."""

from __future__ import annotations

import gc
from types import SimpleNamespace

import keras
import numpy as np
import pytest

import nin

X, Y = np.random.default_rng(0).integers(0, 256, (12, 28, 28, 1), np.uint8), np.arange(12) % 2


def trained():
    model = nin.LeNet(num_classes=2)
    data = nin.ImageArrays(X, Y, batch_size=4)
    nin.Trainer(1, gradient_clip_val=1, initialize=False, verbose=False).fit(model, data)
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
def test_gradients_of_several_replicas_are_summed(monkeypatch):
    import tensorflow as tf

    model, variable = nin.LeNet(num_classes=2), tf.Variable(1.0)
    model.compile(keras.optimizers.SGD())
    summed = []
    for count in (1, 2):
        replica = SimpleNamespace(num_replicas_in_sync=count)
        replica.all_reduce = lambda how, given: summed.append(how) or given
        monkeypatch.setattr(tf.distribute, "get_replica_context", lambda made=replica: made)
        assert model.optimizer._all_reduce_sum_gradients([(1.0, variable)]) == [(1.0, variable)]
    assert summed == [tf.distribute.ReduceOp.SUM]
