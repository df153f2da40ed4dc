"""Names as they are compared, and as they are printed."""

import pickle

import pytest

from nin.errors import Advice, Argument, DataError
from nin.names import normalized, printable


def test_accents_are_written_in_one_way():
    assert normalized("cafe\u0301") == "caf\u00e9" == normalized("caf\u00e9")
    assert normalized("\udce9") == "\udce9"


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("new\nline", r"new\nline"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\r\tb\x85c\u2028d", r"a\r\tb\x85c\u2028d"),
        ("gnp.\u202egpj", r"gnp.\u202egpj"),
        ("latin\udce9", r"latin\udce9"),
        ("zwölf Äpfel 苹果 👩\u200d🔬", "zwölf Äpfel 苹果 👩\u200d🔬"),
        (r"C:\photos", r"C:\photos"),
    ],
)
def test_a_name_is_one_harmless_line(name, printed):
    assert printable(name) == printed
    assert len(printed.splitlines()) == 1


def test_a_message_is_one_harmless_line():
    error = DataError("a\n  b \x1b[2J", "remove\nit")
    assert str(error) == r"a b \x1b[2J: remove it"


def test_an_error_travels_whole():
    error = DataError("bad", Advice("use {}", Argument("seed", 3)), about=Argument("limit", 0))
    assert str(pickle.loads(pickle.dumps(error))) == "limit=0: bad: use seed=3"
