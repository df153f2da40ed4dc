"""What LiteRT says about itself is kept from standard error; what else is said is not."""

from __future__ import annotations

import os
import tempfile

import numpy as np
import pytest

from nin.inference.engines.litert_engine import _without_note, shares


def test_notes_are_left_out_and_the_rest_is_passed_on(capfd):
    with _without_note():
        os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n")
        os.write(2, b"INFO: of a server\nERROR: no such operator\n\xff\n")
    os.write(2, b"INFO: of somebody else\n")
    assert capfd.readouterr().err.splitlines() == [
        "INFO: of a server",
        "ERROR: no such operator",
        "�",
        "INFO: of somebody else",
    ]


def test_an_error_comes_through_with_what_was_printed(capfd):
    def opened():
        with _without_note():
            os.write(2, b"INFO: Created TensorFlow Lite delegate.\nWARNING: old\n")
            raise ValueError("damaged")

    with pytest.raises(ValueError, match="damaged"):
        opened()
    assert capfd.readouterr().err == "WARNING: old\n"


def test_without_a_temporary_folder_the_note_is_left_in(capfd, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "tempdir", "/nowhere")
        with _without_note():
            os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n")
    assert "XNNPACK" in capfd.readouterr().err


def test_probabilities_in_bytes_add_up_again():
    few, many = np.float32([[0.5, 0.25, 0.125]]), np.zeros((1, 1000), np.float32)
    np.testing.assert_allclose(shares(few), few / 0.875)
    np.testing.assert_allclose(shares(many), 0.001)
