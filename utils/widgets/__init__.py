"""Live figures: Python computes, `live.js` draws, and each output keeps forms for every reader.

`LiveFigure` is the base of all. A figure is a class in a module of its own.
"""

from utils.widgets.augmentation import AugmentationGallery
from utils.widgets.figure import LiveFigure, show_interactive
from utils.widgets.geometry import ConstraintGeometry
from utils.widgets.histogram import WeightHistogram
from utils.widgets.landscape import LossLandscape
from utils.widgets.stopping import EarlyStoppingCurve
from utils.widgets.thinning import DropoutNetwork

__all__ = [
    "AugmentationGallery",
    "ConstraintGeometry",
    "DropoutNetwork",
    "EarlyStoppingCurve",
    "LiveFigure",
    "LossLandscape",
    "WeightHistogram",
    "show_interactive",
]
