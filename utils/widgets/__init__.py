"""Live figures: Python computes, `live.js` draws, and each output keeps forms for every reader.

`LiveFigure` is the base of all. A figure is a class in a module of its own.
"""

from utils.widgets.figure import LiveFigure, show_interactive

__all__ = ["LiveFigure", "show_interactive"]
