"""The framework that computes: chosen before Keras is imported, and called from here only.

TensorFlow, JAX and PyTorch are imported only in this folder, in one file each with the same
functions, those of `Backend`; `distribution` and `processes` use JAX for several devices.
Everything else uses Keras.
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
from nin.backends.random_state import (
    global_state_restored,
    random_state_restored,
    set_random_seed,
)

__all__ = [
    "INSTALL",
    "Backend",
    "backend_name",
    "choose",
    "cores_shared",
    "current",
    "global_state_restored",
    "no_garbage_collection",
    "num_gpus",
    "quietly_imported",
    "random_state_restored",
    "set_random_seed",
    "try_gpu",
]
