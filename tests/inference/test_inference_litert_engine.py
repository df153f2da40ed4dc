"""What LiteRT says about itself is kept from standard error; what else is said is not."""

from __future__ import annotations

import os

import pytest

from nin.inference.engines.litert_engine import _without_notes


def test_notes_are_left_out_and_the_rest_is_passed_on(capfd):
    with _without_notes():
        os.write(2, b"INFO: Created a delegate.\nERROR: no such operator\n\xff\n")
    os.write(2, b"INFO: of somebody else\n")
    assert capfd.readouterr().err == "ERROR: no such operator\n�\nINFO: of somebody else\n"


def test_an_error_comes_through_with_what_was_said(capfd):
    def opened():
        with _without_notes():
            os.write(2, b"INFO: opening\nWARNING: old\n")
            raise ValueError("damaged")

    with pytest.raises(ValueError, match="damaged"):
        opened()
    assert capfd.readouterr().err == "WARNING: old\n"
