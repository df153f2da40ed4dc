from .launch import serve as serve
from .settings import Limits as Limits
from .settings import Settings as Settings
