from .engines import Engine as Engine
from .file_predictor import FilePredictor as FilePredictor
from .outputs import Predictions as Predictions
