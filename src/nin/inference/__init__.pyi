from .engines import Answers as Answers
from .engines import Engine as Engine
from .file_predictor import FilePredictor as FilePredictor
