from .features import FeatureExtractor as FeatureExtractor
from .trunk import Trunk as Trunk
from .trunk import load_trunk as load_trunk
from .trunk import trunk_of as trunk_of
