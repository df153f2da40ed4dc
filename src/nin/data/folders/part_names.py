"""Which part of a data set a name stands for: ``train``, ``Test Set``, ``seg_val``."""

from __future__ import annotations

import re
from typing import NamedTuple

from nin.data.split import Part
from nin.names import normalized

_TRAIN = """
    train training trn trainval entraînement entrainement apprentissage entrenamiento treino
    treinamento addestramento
""".split()  # noqa: SIM905
_VALIDATION = """
    val valid validation validate dev development eval evaluation validierung validación validacion
    validação validacao validazione
""".split()  # noqa: SIM905
_TEST = "test testing tst testen prueba pruebas teste".split()  # noqa: SIM905
_WORDS: dict[str, Part] = {
    **dict.fromkeys(_TRAIN, "train"),
    **dict.fromkeys(_VALIDATION, "validation"),
    **dict.fromkeys(_TEST, "test"),
}

#: Other words that say nothing about what is in the pictures.
_NOISE = frozenset(
    """
    set sets data dataset split splits part subset folder dir image images img imgs picture pictures
    pics photo photos sample samples example examples file files jpg jpeg png copy old new final v
    raw clean cleaned cropped resized aug augmented
    """.split()  # noqa: SIM905
)
_GLUED = re.compile(rf"({'|'.join(_WORDS)})({'|'.join(_NOISE)})")
_WORD_ENDS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[^\W\d_])(?=\d)")


class PartName(NamedTuple):
    """A name that may stand for a part.

    Attributes:
        part: the part.
        affix: its other words, except numbers and words that mean nothing, such as ``set``:
            none for ``Training Set 2``, ``seg`` for ``seg_train``.
    """

    part: Part
    affix: tuple[str, ...]


def read_part(name: str) -> PartName | None:
    """The part that a name stands for, whatever its case and other words; None if for no part."""
    words = [word for each in re.split(r"[\W_]+", normalized(name)) for word in _words(each)]
    found = {_WORDS[word] for word in words if word in _WORDS}
    if found == {"train", "validation"}:  # train_val: both are trained on.
        found = {"train"}
    if len(found) != 1:
        return None
    around = (word for word in words if word not in _WORDS and word not in _NOISE)
    return PartName(found.pop(), tuple(word for word in around if not word.isdecimal()))


def _words(name: str) -> list[str]:
    """The words in a name of letters and digits: three in ``TrainSet2``, one in ``TeSt``."""
    lower = name.lower()
    if lower in _WORDS:
        return [lower]
    if glued := _GLUED.fullmatch(lower):
        return [glued[1]]
    inside = _WORD_ENDS.sub(" ", name).split()
    return [lower] if len(inside) == 1 else [word for each in inside for word in _words(each)]
