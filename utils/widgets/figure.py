"""The base of every live figure: synced traits, controls, and the forms that an output carries.

An output holds the live widget and, after it, a fragment of HTML: a still picture with its alt
text, which becomes live by itself where there is no kernel, and keeps out of sight where there is
one. Whoever cannot run scripts sees the still picture.
"""

import json
import time
from contextlib import contextmanager
from pathlib import Path

import anywidget
import numpy as np
from IPython import get_ipython
from IPython.display import display
from traitlets import Dict, Float, Int, List, TraitError, Unicode

from utils.figures import LARGEST_PNG, image_html, to_png
from utils.widgets.still import still

HERE = Path(__file__).parent
WIDGET = "application/vnd.jupyter.widget-view+json"
PATIENCE = 1.0  # seconds to wait for a front end that says nothing


def slider(name, label, *, low=0.0, high=1.0, step=None, steps=60, log=False, recorded=False):
    """Return a slider for the trait `name`.

    Parameters
    ----------
    name, label : str
        Trait, and what is written beside it. Where a picture has a strip of this name, the
        strip's values are the positions, and the rest is not used.
    low, high : float
    step : float, optional
        Between two positions; `steps` equal ones if not given, equal in the logarithm for `log`.
    recorded : bool
        Only there where no kernel is: it plays a recording.
    """
    if log:
        values = np.geomspace(low, high, steps + 1)
    else:
        values = np.linspace(low, high, (round((high - low) / step) if step else steps) + 1)
    positions = [float(f"{value:.6g}") for value in values + 0.0]
    return _control("slider", name, label, values=positions, recorded=recorded)


def choice(name, label, options):
    """Return a choice of one text among `options` for the trait `name`."""
    return _control("choice", name, label, values=list(options))


def toggle(name, label):
    """Return a check box for the boolean trait `name`."""
    return _control("toggle", name, label, values=[False, True])


def button(name, label):
    """Return a button; `LiveFigure.pressed` gets its name."""
    return _control("button", name, label, values=[])


def _control(kind, name, label, *, values, recorded=False):
    return {"kind": kind, "name": name, "label": label, "values": values, "recorded": recorded}


class Finite(Float):
    """A trait that takes any number but nan and the infinities."""

    def validate(self, obj, value):
        """Return the number, or raise a TraitError that names the trait."""
        value = super().validate(obj, value)
        if not np.isfinite(value):
            raise TraitError(f"{self.name} is {value}; it should be a finite number")
        return value


class LiveFigure(anywidget.AnyWidget):
    """A figure that moves with its controls, drawn as SVG by `live.js`.

    A figure has a synced trait for each control, lists the controls in `controls`, and works out
    in `picture` what there is to see. A slider whose name a strip of the picture has moves without
    the kernel; for any other control the kernel answers with a new picture.
    """

    _esm = HERE / "live.js"
    _css = HERE / "live.css"

    controls = ()
    label = ""  # what the figure is, whatever it shows: its name for a screen reader

    _name = Unicode().tag(sync=True)
    _label = Unicode().tag(sync=True)
    _controls = List().tag(sync=True)
    _picture = Dict().tag(sync=True, to_json=lambda picture, _: _compact(picture))
    _moment = Dict().tag(sync=True)
    _drawn = Int(0).tag(sync=True)
    _problem = Unicode().tag(sync=True)

    def __init__(self, **values):
        self._waiting, self._sent = None, 0.0
        super().__init__(**values)
        self._name = type(self).__name__
        self._label = self.label
        self._controls = list(self.controls)
        self._shape()
        strips = self._picture["strips"]
        for name in self._values():
            self.observe(self._moved if name in strips else self._reshaped, names=name)
        self.observe(self._acknowledged, names="_drawn")
        self.on_msg(self._received)

    def picture(self):
        """Return the `Picture` for the present values of all traits."""
        raise NotImplementedError

    def frame(self):
        """Return the exact `Frame` for the present values; nothing where the strips have it."""

    def pressed(self, name):
        """Do what the button `name` is for."""

    def alt(self):
        """Return what the still picture shows, for somebody who does not see it."""
        raise NotImplementedError

    def variants(self):
        """Return the values of controls whose pictures the form without a kernel carries."""
        return []

    def recording(self):
        """Return (values, picture) pairs for the form without a kernel, as plain data.

        By default one picture for each of the `variants`, beginning with the present one.
        """
        pairs = [(self._values(), self._picture)]
        for values in self.variants():
            other = type(self)(**(self._values() | values))
            pairs.append((other._values(), other._picture))
            other.layout.close()  # or the kernel keeps both for good
            other.close()
        return pairs

    def stream(self, frame):
        """Send a frame to the browser once it has drawn the last one; a newer frame replaces it."""
        self._waiting = frame
        quiet = time.monotonic() - self._sent > PATIENCE
        if quiet or self._drawn >= self._moment.get("serial", 0):
            self._send_waiting()

    def show(self, *others):
        """Display the figure, other widgets above it."""
        from ipywidgets import VBox

        _publish(VBox([*others, self]) if others else self, self.page, self._words())

    def page(self):
        """Return the figure as HTML that needs neither kernel nor network."""
        recording = self.recording()
        keys = [name for name in self._values() if name not in recording[0][1]["strips"]]
        shared = {}
        recorded = [
            {"values": {name: values[name] for name in keys}, "picture": _share(picture, shared)}
            for values, picture in recording
        ]
        values = self._values() | recorded[0]["values"]
        data = {"name": self._name, "label": self.label, "controls": self._controls}
        data["values"] = values
        data |= {"shared": [json.loads(text) for text in shared], "recorded": recorded}
        image = _image(still(recording[0][1], values), self._words())
        script = f"{_script('live.js')}\n{_script('output.js')}\nhandOver(here, mount);"
        return _fragment(image, script, self._name, _text("live.css"), data)

    def _ipython_display_(self):
        self.show()

    def _values(self):
        named = [c["name"] for c in self.controls if self.has_trait(c["name"])]
        return {name: getattr(self, name) for name in named}

    def notify_change(self, change):
        """Send what follows from a change together with it, so that nothing flickers."""
        with self.hold_sync():
            super().notify_change(change)

    def _moved(self, change):
        with self.guarded():
            self._settle()

    def _reshaped(self, change):
        with self.guarded():
            self._shape()

    def _shape(self):
        self._picture = self.picture().plain()
        self._settle()

    def _words(self):
        return " ".join(self.alt().split())

    def _settle(self):
        """Send the exact frame for values that lie between those of the strips."""
        frame = self.frame()
        if frame is None:
            if "marks" in self._moment:  # of another setting
                self._moment = {"serial": self._moment.get("serial", 0)}
        else:
            played = [name for name in self._values() if name in self._picture["strips"]]
            values = {name: getattr(self, name) for name in played}
            self._moment = frame.plain() | {"values": values}

    def _received(self, _, content, buffers):
        if "press" in content:
            with self.guarded():
                self.pressed(content["press"])

    def _acknowledged(self, change):
        if self._waiting is not None and self._drawn >= self._moment.get("serial", 0):
            self._send_waiting()

    def _send_waiting(self):
        serial = self._moment.get("serial", 0) + 1
        frame, self._waiting, self._sent = self._waiting, None, time.monotonic()
        self._moment = frame.plain() | {"serial": serial}

    @contextmanager
    def guarded(self):
        """Show an error in the figure in place of losing it; clear it when all went well."""
        try:
            yield
        except Exception as error:
            self._problem = f"{type(error).__name__}: {error}"
        else:
            self._problem = ""


def _share(picture, shared):
    """Return a picture in which the number of an entry of `shared` stands for each mark's data."""

    def number(data):
        return shared.setdefault(_compact(data), len(shared))

    strips = {
        name: strip | {"marks": {moved: number(at) for moved, at in strip["marks"].items()}}
        for name, strip in picture["strips"].items()
    }
    return picture | {"marks": [number(drawn) for drawn in picture["marks"]], "strips": strips}


def show_interactive(widget, figure, alt):
    """Display a widget of ipywidgets, and leave a still figure where there is no kernel.

    Parameters
    ----------
    widget : ipywidgets.Widget
        As `ipywidgets.interactive` makes one.
    figure : matplotlib.figure.Figure
        What it shows at first.
    alt : str
        What the figure shows, in one to three sentences.
    """
    import matplotlib.pyplot as plt

    alt = " ".join(alt.split())
    plt.close(figure)
    script = f"{_script('output.js')}\nhandOver(here);"
    _publish(widget, lambda: _fragment(_image(figure, alt), script), alt)


def _image(figure, alt):
    """Return a Matplotlib figure as an HTML image with alt text."""
    if not alt:
        raise ValueError("alt is empty: say in one to three sentences what the figure shows")
    png = to_png(figure)
    if len(png) > LARGEST_PNG:
        raise ValueError(f"the still picture takes {len(png) // 1000} KB: draw fewer marks")
    return image_html(png, alt)


def _fragment(image, script, name="", css="", data=None):
    """Return the HTML of an output: still picture, data, and the script that makes it live."""
    parts = [f'<div class="course-figure" data-figure="{name}" data-form="image">', image]
    if css:
        parts.append(f"<style>\n{css}</style>")
    if data is not None:
        text = _compact(_whole(data)).replace("</", "<\\/")
        parts.append(f'<script type="application/json">\n{text}\n</script>')
    head = "(() => {\nconst here = document.currentScript.parentElement;"
    parts.append(f"<script>\n{head}\n{script}\n}})();\n</script>\n</div>")
    return "\n".join(parts)


def _whole(data):
    """Return JSON data with 3 for 3.0: a tenth less to store, where there is time for it."""
    if isinstance(data, list):
        return [_whole(item) for item in data]
    if isinstance(data, dict):
        return {key: _whole(item) for key, item in data.items()}
    return int(data) if isinstance(data, float) and data.is_integer() else data


def _compact(data):
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _text(name):
    return (HERE / name).read_text(encoding="utf-8")


def _script(name):
    """Return a module's source as a plain script: without its one export."""
    return _text(name).replace("export default", "const widget =")


def _publish(widget, page, alt):
    """Publish the live widget, and then what is seen without it, which takes longer to make."""
    if get_ipython() is None:
        print(alt)
        return
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    display({WIDGET: view}, raw=True)
    display({"text/html": page(), "text/plain": alt}, raw=True)
