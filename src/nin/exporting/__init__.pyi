from .exporter import Export as Export
from .exporter import export as export
from .predictor import Predictor as Predictor
