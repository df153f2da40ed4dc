"""Which framework computes: chosen before Keras is imported, and called here and nowhere else.

TensorFlow, JAX and PyTorch are imported in this folder only, one file each behind the same
functions, those of `Backend`; what several devices need of JAX is in `distribution` and
`processes`. Everything else uses Keras.
"""

from nin.backends.choice import (
    INSTALL,
    Backend,
    backend_name,
    choose,
    current,
    no_garbage_collection,
    quietly_imported,
)
from nin.backends.devices import cores_shared, num_gpus, try_gpu
from nin.backends.random_state import random_state_restored, set_random_seed

__all__ = [
    "INSTALL",
    "Backend",
    "backend_name",
    "choose",
    "cores_shared",
    "current",
    "no_garbage_collection",
    "num_gpus",
    "quietly_imported",
    "random_state_restored",
    "set_random_seed",
    "try_gpu",
]
