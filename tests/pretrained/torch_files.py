"""Files of tensors as PyTorch wrote them before version 1.6, and such as it never wrote."""

import io
import pickle


class Name:
    """A name that a pickle refers to, whether it can be imported here or not."""

    def __init__(self, module, name):
        self.line = f"c{module}\n{name}\n".encode()

    def __call__(self):
        raise AssertionError("only its name is written")


class Storage:
    """Numbers of one type in a row, under a key of its own."""

    def __init__(self, array, kind="FloatStorage", key=None):
        self.array, self.kind = array, kind
        self.key = str(id(self)) if key is None else key


class Tensor:
    """A view of a storage."""

    def __init__(self, storage, shape, strides, offset=0):
        self.storage, self.arguments = storage, (offset, shape, strides)


class Pickler(pickle._Pickler):
    """Writes names, storages and tensors as PyTorch's pickler does."""

    def save(self, value, *arguments, **named):
        if isinstance(value, Name):
            self.write(value.line)
        elif isinstance(value, Tensor):
            hooks = (False, {})
            rebuild = Name("torch._utils", "_rebuild_tensor_v2")
            self.save_reduce(rebuild, (value.storage, *value.arguments, *hooks))
        else:
            super().save(value, *arguments, **named)

    def persistent_id(self, value):
        if not isinstance(value, Storage):
            return None
        kind = Name("torch", value.kind)
        return ("storage", kind, value.key, "cpu", value.array.size, None)


def pickled(value):
    """The value in pickle's second protocol."""
    file = io.BytesIO()
    Pickler(file, protocol=2).dump(value)
    return file.getvalue()


def numbers(storage):
    """What follows the pickles for each storage."""
    return storage.array.size.to_bytes(8, "little") + storage.array.tobytes()


def old_file(tensors, magic=0x1950A86A20F9469CFC6C, protocol=1001, little_endian=True, keys=None):
    """A file of tensors by name; what is given beside them is written in place of what belongs."""
    values = tensors.values() if isinstance(tensors, dict) else ()
    storages = {each.storage.key: each.storage for each in values if isinstance(each, Tensor)}
    system = {"protocol_version": 1001, "little_endian": little_endian, "type_sizes": {}}
    heads = (magic, protocol, system, tensors, sorted(storages) if keys is None else keys)
    return b"".join(map(pickled, heads)) + b"".join(
        numbers(storages[key]) for key in sorted(storages)
    )
