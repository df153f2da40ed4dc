"""Mistakes are reported at once: before any framework, and whatever else takes long, is imported.

What is imported is looked at, not how long it takes.
"""

import json
import subprocess
import sys

import pytest

HEAVY = ("keras", "tensorflow", "jax", "torch", "sklearn", "scipy", "matplotlib", "onnxruntime")
PROGRAM = """
import json, sys
from nin.cli.entry_point import run
lines, heavy = json.loads(sys.argv[1])
for line in lines:
    code = run(line.split())
    print(json.dumps([line, code, [name for name in heavy if name in sys.modules]]))
"""
#: What is typed → what is printed.
WITHOUT_A_RUN = {
    "fly": "No such command 'fly'",
    "train fahsion": "did you mean 'fashion'?",
    "train no/such/folder": "no/such/folder: no such folder",
    "train ./photo": "./photo: no such folder: did you mean photos?",
    "train phots": "did you mean 'photos'?",
    "train nets.py:net": "nets.py:net is a network: give it as --preset nets.py:net, beside",
    "train --backend foo": "No such option: --backend",
    "train --preset resent": "unknown preset 'resent': did you mean 'resnet18'?",
    "train photos --preset book --image-size 3": "the smallest that works is 67x67",
    "train photos --preset book --crop-size 3": "the smallest that works is 67x67",
    "train photos --init nosuchrun": "nosuchrun is not a run directory",
    "train photos --out photos": "photos is not empty: name a new directory",
    "train ./photos --data digits": "two data sets, ./photos and digits: give one",
    "train --image-size 3 --preset lenet": "lenet cannot take images of 3x3",
    "train --preset efficientnet-lite1": "takes a folder of photographs",
    "train --preset vgg11 --crop-size 40": "--crop-size 40: vgg11 ends in dense layers",
    "train --preset nowhere.py:net": "cannot read nowhere.py: No such file or directory",
    "train --preset nets.py": "nets.py: name a network in the file, as nets.py:name",
    "train --preset nowhere.toml": "nowhere.toml: cannot be read: No such file or directory",
    "compare nowhere.py:net": "cannot read nowhere.py: No such file or directory",
    "train --trust": "--trust goes with --resume",
    "train --finetune": "has no pretrained weights",
    "train --freeze 99": "the network has 9 layers",
    "train --data mnits": "did you mean 'mnist'?",
    "train --resume nosuchrun": "nosuchrun is not a run directory",
    "train --resume photos": "photos is not a run directory",
    "train --epochs 0": "--epochs 0: input should be greater than or equal to 1",
    "train --batch-size 0": "--batch-size 0: ",
    "train --lr 0": "--lr 0.0: input should be greater than 0",
    "train --accumulate 3": "cannot be divided into 3 equal parts",
    "train --resize-mode stretch": "--resize-mode 'stretch': input should be 'squash' or 'crop'",
    "train --devices 2": "several devices need JAX",
    "train --join": "several devices need JAX",
    "train --find-lr --resume photos": "--resume keeps the settings of the run",
    "train --find-lr --devices 2 --save-every 9": "leave out --devices, --save-every",
    "train --find-lr --save-every 0": "--find-lr does not train: leave out --save-every",
    f"train --devices {'9' * 5000}": "give a number, 1 or more, or all",
    "train --find-lr --trust": "--find-lr does not train: leave out --trust",
    "train photos --find-lr": "no learning rate: add --finetune, or train another --preset",
    "train --find-lr --out a.txt": "--out a.txt: the picture is a .png",
    "train --find-lr --preset resent": "unknown preset 'resent': did you mean 'resnet18'?",
    "train --out a.txt/below": "a.txt is not a folder",
    "evaluate nosuchrun": "nosuchrun is not a run directory",
    "predict nosuchrun a.png": "nosuchrun does not exist",
    "explain nosuchrun a.png": "nosuchrun does not exist",
    "export nosuchrun": "nosuchrun is not a run directory",
    "serve nosuchrun": "nosuchrun does not exist",
    "summary resent": "did you mean 'resnet18'?",
    "summary book --input 3,3,1": "the smallest that works is 67x67",
    "compare alexnit": "did you mean 'alexnet'?",
    "compare lenet lenet": "lenet is named twice",
    "compare nin --data digits --image-size 3": "the smallest that works is 67x67",
    "compare lenet --data mnits": "did you mean 'mnist'?",
    "compare lenet --data digits --epochs 0": "--epochs 0: ",
    "compare lenet --data digits --rates 0": "must be one or more numbers above 0",
    "compare lenet --data digits --out a.txt": "cannot write to a.txt",
    "compare lenet --data digits --folds 3": "--folds 3: digits has a published test set",
    "compare lenet --data missing.npz": "missing.npz: no such file",
    "train missing.npz": "missing.npz: no such file",
    "train digits --groups a": "--groups: a pattern is for names of files",
    "train photos --groups ([": "not a valid regular expression",
    "train photos --groups zzz": "--groups zzz: matches nothing in",
    "ablate heads": "did you mean 'head'?",
    "ablate --preset bok": "did you mean 'book'?",
    "ablate --width inf": "'--width': Input should be less than or equal to 4",
}
WITH_A_RUN = {
    "train --resume run": "has all its 1 epochs: to train longer, give more --epochs",
    "train --resume run --epochs 0": "--epochs 0: ",
    "train --resume run --lr 1": "leave out --lr",
    "evaluate rum": "rum is not a run directory: it has no run.json: did you mean run?",
    "evaluate run --data mnits": "did you mean 'mnist'?",
    "predict run missing.png": "missing.png: No such file",
    "explain run missing.png": "missing.png: No such file",
    "explain run a.txt --out a.gif": "give a .png or .svg file",
    "export run --to onx": "did you mean 'onnx'?",
    "export run --quantize int4": "did you mean 'int8'?",
    "export run --out a.txt": "ends in .onnx",
    "export run --to onnx --runtime photos": "--runtime: it is for web, not onnx",
    "export run --out no/such/a.onnx": "no/such does not exist: name an existing one: --out",
    "export run --size 5000": "--size 5000: give 1 to 4096 pixels",
    "export run --batch 2": "--batch: it needs a fixed size: give --size",
    "export run --size 8 --layout hwc": "unknown layout 'hwc': did you mean 'nhwc'?",
    "export run --size 8 --input int4": "unknown input 'int4'",
    "export run --to web --input uint8": "--input: web takes images of any size and number",
    "serve rum": "rum does not exist",
}


def printed(lines, folder):
    """Run all of this in one process; its lines, one each, and what it had imported by then."""
    (folder / "a.txt").write_text("")
    command = [sys.executable, "-W", "error", "-c", PROGRAM, json.dumps([[*lines], HEAVY])]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    said = done.stderr.splitlines()
    assert (done.returncode, len(said)) == (0, len(lines)), done.stderr
    return [*map(json.loads, done.stdout.splitlines())], said


@pytest.mark.usefixtures("photos")
def test_mistakes_are_reported_without_anything_heavy(tmp_path):
    before = sorted(tmp_path.rglob("*"))
    rows, said = printed(WITHOUT_A_RUN, tmp_path)
    assert rows == [[line, 2, []] for line in WITHOUT_A_RUN]
    for line, expected in zip(said, WITHOUT_A_RUN.values(), strict=True):
        assert line.startswith("nin: ")
        assert expected in line
    assert sorted(tmp_path.rglob("*")) == sorted([*before, tmp_path / "a.txt"])


@pytest.mark.usefixtures("photos")
def test_mistakes_about_a_run_are_one_line(digits, tmp_path):
    digits.rename(tmp_path / "run")
    rows, said = printed(WITH_A_RUN, tmp_path)
    assert rows == [[line, 2, []] for line in WITH_A_RUN]
    for line, expected in zip(said, WITH_A_RUN.values(), strict=True):
        assert expected in line


@pytest.mark.usefixtures("photos")
@pytest.mark.parametrize("line", ["train photos --preset mnist", "compare lenet --data digits"])
def test_a_backend_that_is_none_is_refused_so(tmp_path, monkeypatch, line):
    monkeypatch.setenv("KERAS_BACKEND", "tensorfow")
    rows, (said,) = printed([line], tmp_path)
    assert rows == [[line, 2, []]]
    assert "did you mean 'tensorflow'?" in said
