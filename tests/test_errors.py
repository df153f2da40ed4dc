"""What a user reads, wherever it was raised."""

import ast
import pickle
import re
from pathlib import Path

import nin
from nin.errors import UnknownNameError

#: Options of other programs: of pip, and of Dask.
OTHERS = "force-reinstall|nthreads|nworkers"


def test_a_name_that_does_not_exist_can_travel_between_processes():
    error = UnknownNameError("preset", "bok", ["book", "mnist"])
    there = pickle.loads(pickle.dumps(error))
    assert (
        str(there)
        == str(error)
        == ("unknown preset 'bok': did you mean 'book'? known: book, mnist")
    )


def test_below_the_command_line_no_message_names_an_option():
    """It may be read in Python; `nin.errors.Advice` is for what takes an argument."""
    source = Path(nin.__file__).parent
    said = []
    for path in sorted(source.rglob("*.py")):
        if path.relative_to(source).parts[0] in ("cli", "serving"):
            continue
        raised = [
            each for each in ast.walk(ast.parse(path.read_text())) if isinstance(each, ast.Raise)
        ]
        texts = [
            each.value
            for node in raised
            for each in ast.walk(node)
            if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
        said += [
            f"{path.name}: {text}"
            for text in texts
            if re.search(rf"(?<!\S)--(?!{OTHERS})[a-z]", text)
        ]
    assert not said
