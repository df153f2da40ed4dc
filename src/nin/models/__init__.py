"""The networks: blocks, NiN from a table of stages, and the nets it is compared with."""

from nin.models.alexnet import AlexNet as AlexNet
from nin.models.classifier import Classifier as Classifier
from nin.models.densenet import DenseNet as DenseNet
from nin.models.googlenet import GoogLeNet as GoogLeNet
from nin.models.lenet import LeNet as LeNet
from nin.models.module import Module as Module
from nin.models.nin import NiN as NiN
from nin.models.nin import mlpconv as mlpconv
from nin.models.nin import nin_block as nin_block
from nin.models.preprocessing import Preprocessing as Preprocessing
from nin.models.resnet import ResNet18 as ResNet18
from nin.models.vgg import VGG as VGG
from nin.models.zoo import NETS as NETS
from nin.models.zoo import make_net as make_net
from nin.models.zoo import named_net as named_net
from nin.networks.lookup import class_and_arguments as class_and_arguments
from nin.networks.presets import PRESETS as PRESETS
from nin.networks.presets import Preset as Preset
from nin.networks.rivals import RIVALS as RIVALS
from nin.networks.rivals import VGG11 as VGG11
from nin.networks.rivals import VGG11_QUARTER as VGG11_QUARTER
from nin.networks.stages import MBConv as MBConv
from nin.networks.stages import Stage as Stage
