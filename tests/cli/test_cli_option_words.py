"""What the command line advises can be typed: options that the verb has, and nothing else."""

import typer

from nin.cli import entry_point
from nin.cli.entry_point import app
from nin.cli.option_words import option_words
from nin.errors import Advice, Argument, DataError

ERROR = DataError(
    "2 pictures cannot be read",
    "repair them",
    Advice("go on without them: {}", Argument("skip_bad", True)),
    Advice("hold out {}", Argument("validation", 0.2)),
)


def told(verb, error):
    command = typer.main.get_command(app).commands[verb]
    return error.render(option_words(command.params))


def test_python_speaks_of_arguments():
    assert str(ERROR) == (
        "2 pictures cannot be read: repair them, or go on without them: skip_bad=True, or hold out"
        " validation=0.2"
    )


def test_a_verb_speaks_of_the_options_it_has():
    both = "2 pictures cannot be read: repair them, or go on without them: --skip-bad"
    assert told("train", ERROR) == told("evaluate", ERROR) == both
    assert told("compare", ERROR) == "2 pictures cannot be read: repair them"


def test_without_any_way_only_the_message_is_left():
    error = DataError("no test images", Advice("hold some out: {}", Argument("test", 0.1)))
    assert told("train", error) == "no test images"


def test_values_other_names_and_flags():
    def word(verb, name, value=None):
        command = typer.main.get_command(app).commands[verb]
        return option_words(command.params)(Argument(name, value))

    assert word("train", "learning_rate") == "--lr"
    assert word("train", "epochs", 3) == "--epochs 3"
    assert word("train", "flip", False) == "--no-flip"
    assert word("train", "stream", False) is None
    assert word("compare", "measured", False) == "--no-measure"
    assert word("compare", "seconds", 5) == "--budget 5"
    assert word("explain", "strongest", 0) == "--strongest 0"
    assert word("evaluate", "run") is None


def test_a_wrong_value_is_named_as_it_was_typed():
    error = DataError("give a percentage above 0", about=Argument("strongest", 0))
    assert str(error) == "strongest=0: give a percentage above 0"
    assert told("explain", error) == "--strongest 0: give a percentage above 0"
    assert told("train", error) == str(error)


def test_a_mistake_before_there_is_a_verb_speaks_of_arguments(monkeypatch, capsys):
    def refuse():
        raise ERROR

    monkeypatch.setattr(entry_point, "_quiet_pillow", refuse)
    assert entry_point.run(["data"]) == 2
    assert capsys.readouterr().err == "nin: 2 pictures cannot be read: repair them\n"


def test_advice_can_be_typed_whatever_the_folder_is_called(nin, tmp_path):
    (tmp_path / "my run").mkdir()
    (tmp_path / "my run/x").touch()
    assert "--resume 'my run'" in nin("train", "digits", "--out", "my run").err


def test_a_wrong_line_shows_no_password(nin):
    result = nin("train", *(f"https://anna:secret@host/{number}.tar" for number in range(2)))
    assert result.is_mistake()
    assert "secret" not in result.err
    assert "https://host/1.tar" in result.err
