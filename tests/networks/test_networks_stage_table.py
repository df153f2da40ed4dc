"""Tables of stages, in files and in one line."""

from __future__ import annotations

import json

import pytest

from nin.errors import NinError
from nin.networks.lookup import class_and_arguments, network_name
from nin.networks.presets import PRESETS
from nin.networks.stage_table import as_text, is_table, read_table
from nin.networks.stages import MBConv, Stage

SMALL = (Stage((32, 32), 5, pool="same"), Stage((32, 0), 3))
TOML = """
[[stages]]
widths = [32, 32]
kernel_size = 5
pool = "same"

[[stages]]
widths = [32, "classes"]
kernel_size = 3
"""
YAML = """
stages:
  - {widths: [32, 32], kernel_size: 5, pool: same}
  - {widths: [32, classes], kernel_size: 3}
"""
JSON = json.dumps([[[32, 32], 5, 1, "same", "same"], {"widths": [32, 0], "kernel_size": 3}])


@pytest.mark.parametrize(
    ("name", "text"), [("a.toml", TOML), ("a.yaml", YAML), ("a.YML", YAML), ("a.json", JSON)]
)
def test_a_file_of_stages(name, text, tmp_path):
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert read_table(str(tmp_path / name)) == SMALL
    assert class_and_arguments(str(tmp_path / name)) == ("NiN", {"stages": SMALL})


@pytest.mark.parametrize("preset", PRESETS)
def test_a_table_in_one_line_is_that_table(preset):
    stages = PRESETS[preset].stages
    assert is_table(as_text(stages))
    assert read_table(network_name(stages)) == stages


def test_a_later_change_of_the_file_changes_no_recipe(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text(TOML, encoding="utf-8")
    assert network_name(str(path)) == as_text(SMALL)


def test_blocks_may_follow():
    rows = [{"widths": [8], "kernel_size": 3}, {"channels": 16, "kernel_size": 3, "strides": 2}]
    assert read_table(json.dumps(rows))[1] == MBConv(16, 3, 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[stages]]\nwidths = [3", "cannot be read: Unclosed array"),
        ("depth = 3", "give 1 to 16 stages, as a list called stages"),
        ("stages = []", "give 1 to 16 stages"),
        ("[[stages]]\nwidths = [3]\nkernelsize = 3", "stage 1: it has no kernelsize: did you mean"),
        ("[[stages]]\nwidths = [3]\nzzz = 3", "stage 1: it has no zzz: widths, kernel_size"),
        ("[[stages]]\nwidths = [3]", "stage 1: kernel_size: field required"),
        ('[[stages]]\nwidths = ["many"]\nkernel_size = 3', "stage 1: widths.0: input should be"),
        ("[[stages]]\nwidths = [3]\nkernel_size = 0", "stage 1: windows and strides are 1 to 100"),
        ("[[stages]]\nwidths = [3]\nkernel_size = 3\npool = 'no'", "padding is same or valid"),
        ("[[stages]]\nchannels = 8\nkernel_size = 3", "the first stage must have widths"),
        (f"stages = [[[3], 3, 1{', 1' * 20}]]", "stage 1: it has 23 values, at most"),
        (
            '[[stages]]\nwidths = [3]\nkernel_size = 3\npooling = "average"',
            'stage 1: pooling needs a pool: "same" or "valid"',
        ),
        ("stages = [3]", "stage 1: give its widths and its kernel_size by name"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(text, said, tmp_path):
    path = tmp_path / "a.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NinError) as caught:
        read_table(str(path))
    assert str(caught.value).startswith(f"{path}: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere.toml", "nowhere.toml: cannot be read: No such file or directory"),
        ("[3", "the table of stages: cannot be read"),
    ],
)
def test_what_is_no_table(name, said):
    with pytest.raises(NinError, match="cannot be read") as caught:
        read_table(name)
    assert str(caught.value).startswith(said)


def test_yaml_makes_no_objects(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("stages: !!python/object/apply:os.getcwd []", encoding="utf-8")
    with pytest.raises(NinError, match="cannot be read: could not determine a constructor"):
        read_table(str(path))
