"""Class maps drawn: where in an image a network sees evidence for each class.

*Network in Network* (2014), section 3.2: each class has a map, and the map's mean is the class's
logit. This package takes arrays; it imports neither Keras nor the networks.
"""

from nin.maps.colours import overlay_png
from nin.maps.evidence import Evidence, strongest
from nin.maps.explanation import explain
from nin.maps.notebook import show_maps
from nin.maps.picture import draw

__all__ = ["Evidence", "draw", "explain", "overlay_png", "show_maps", "strongest"]
