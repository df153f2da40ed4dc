from .colours import overlay_png as overlay_png
from .evidence import Evidence as Evidence
from .evidence import strongest as strongest
from .explanation import explain as explain
from .notebook import show_maps as show_maps
from .picture import draw as draw
