"""What a user reads, wherever it was raised."""

import pickle

from nin.errors import UnknownNameError


def test_a_name_that_does_not_exist_can_travel_between_processes():
    error = UnknownNameError("preset", "bok", ["book", "mnist"])
    there = pickle.loads(pickle.dumps(error))
    assert (
        str(there)
        == str(error)
        == ("unknown preset 'bok': did you mean 'book'? known: book, mnist")
    )
