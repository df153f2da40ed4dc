"""The published sets, as a table: what each holds, where it lives and how to know it is whole."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RemoteFile:
    """One file of a published set.

    Attributes:
        url: where it can be had; its last part is the file's name.
        sha256: of the content described by `size`.
        size: in bytes, after decompression if `gzipped`.
        gzipped: whether the file at `url` is a gzip wrapper, which differs between distributors,
            around the content that counts, which does not.
    """

    url: str
    sha256: str
    size: int
    gzipped: bool = True

    @property
    def name(self) -> str:
        """The name at `url`, such as ``train-images-idx3-ubyte.gz``."""
        return self.url.rpartition("/")[2]

    @property
    def stored_name(self) -> str:
        """The name in the cache, where files are kept decompressed."""
        return self.name.removesuffix(".gz") if self.gzipped else self.name


@dataclass(frozen=True)
class Source:
    """A published set: its images, its files, its home.

    Attributes:
        train: number of training images.
        test: number of test images.
        shape: height, width, channels.
        system: a folder where the operating system's package puts the files.
        package: the command that installs that package.
    """

    name: str
    classes: tuple[str, ...]
    train: int
    test: int
    shape: tuple[int, int, int]
    home: str
    licence: str
    citation: str
    files: tuple[RemoteFile, ...] = ()
    system: str | None = None
    package: str | None = None


_FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
_MNIST = "https://storage.googleapis.com/cvdf-datasets/mnist/"
_CIFAR = "https://www.cs.toronto.edu/~kriz/"
_CIFAR_LICENCE = "none stated; the authors ask to be cited"
_CIFAR_PAPER = "Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images"

FASHION_MNIST = Source(
    name="fashion-mnist",
    classes=(
        "t-shirt",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    ),
    train=60_000,
    test=10_000,
    shape=(28, 28, 1),
    home="https://github.com/zalandoresearch/fashion-mnist",
    licence="MIT",
    citation="Xiao, Rasul, Vollgraf 2017, arXiv 1708.07747",
    files=(
        RemoteFile(
            _FASHION + "train-images-idx3-ubyte.gz",
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            47_040_016,
        ),
        RemoteFile(
            _FASHION + "train-labels-idx1-ubyte.gz",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            60_008,
        ),
        RemoteFile(
            _FASHION + "t10k-images-idx3-ubyte.gz",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            7_840_016,
        ),
        RemoteFile(
            _FASHION + "t10k-labels-idx1-ubyte.gz",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            10_008,
        ),
    ),
    system="/usr/share/datasets/fashion-mnist",
    package="apt install dataset-fashion-mnist",
)

MNIST = Source(
    name="mnist",
    classes=tuple("0123456789"),
    train=60_000,
    test=10_000,
    shape=(28, 28, 1),
    home="https://github.com/cvdfoundation/mnist",
    licence="CC BY-SA 3.0",
    citation="LeCun, Bottou, Bengio, Haffner 1998, Gradient-based learning applied to document"
    " recognition",
    files=(
        RemoteFile(
            _MNIST + "train-images-idx3-ubyte.gz",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            47_040_016,
        ),
        RemoteFile(
            _MNIST + "train-labels-idx1-ubyte.gz",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            60_008,
        ),
        RemoteFile(
            _MNIST + "t10k-images-idx3-ubyte.gz",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            7_840_016,
        ),
        RemoteFile(
            _MNIST + "t10k-labels-idx1-ubyte.gz",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            10_008,
        ),
    ),
)

# The hash of a CIFAR archive covers its members, whose own hashes the authors do not publish.
CIFAR10 = Source(
    name="cifar10",
    classes=(
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
    train=50_000,
    test=10_000,
    shape=(32, 32, 3),
    home=_CIFAR + "cifar.html",
    licence=_CIFAR_LICENCE,
    citation=_CIFAR_PAPER,
    files=(
        RemoteFile(
            _CIFAR + "cifar-10-binary.tar.gz",
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            170_052_171,
            gzipped=False,
        ),
    ),
)

CIFAR100 = Source(
    name="cifar100",
    classes=tuple(
        """
        apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus
        butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch
        crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house
        kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle
        mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree
        plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark
        shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table
        tank telephone television tiger tractor train trout tulip turtle wardrobe whale
        willow_tree wolf woman worm
        """.split()  # noqa: SIM905
    ),
    train=50_000,
    test=10_000,
    shape=(32, 32, 3),
    home=_CIFAR + "cifar.html",
    licence=_CIFAR_LICENCE,
    citation=_CIFAR_PAPER,
    files=(
        RemoteFile(
            _CIFAR + "cifar-100-binary.tar.gz",
            "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
            168_513_733,
            gzipped=False,
        ),
    ),
)

DIGITS = Source(
    name="digits",
    classes=tuple("0123456789"),
    train=1_438,
    test=359,
    shape=(8, 8, 1),
    home="https://archive.ics.uci.edu/dataset/80",
    licence="CC BY 4.0",
    citation="Alpaydin, Kaynak 1998, Optical Recognition of Handwritten Digits",
)
