from .engines import Engine as Engine
from .engines import Predictions as Predictions
from .file_predictor import FilePredictor as FilePredictor
