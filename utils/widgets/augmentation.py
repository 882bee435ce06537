"""The live figure "augmentation gallery": an image transformed, and twelve random draws of it."""

from functools import cache

import numpy as np
from traitlets import Bool, Enum, Int

from utils.data import load_mnist, load_photographs
from utils.images import warp
from utils.widgets.figure import Finite, LiveFigure, button, choice, slider, toggle
from utils.widgets.scene import Picture, mark, png_uri
from utils.widgets.words import decimal, percent

IMAGES = ("digit", "flower", "temple")
CREDITS = {
    "flower": "photograph by vultilion, CC BY 2.0",
    "temple": "photograph by danielbuechele, CC BY 2.0",
}
SIX = 3005  # the row of an upright 6
SQUARES = {"temple": (0, 3, 20), "flower": (1, 3, 110)}  # which photograph, first row and column
SIDE, FINE = 28, 3  # pixels of a digit and of a draw; a photograph has three times as many
UPSIDE_DOWN = 120  # degrees from which on the figure speaks of a 9
IN_A_PAGE = np.arange(-180, 181, 40)  # angles

ROWS, COLUMNS = 4, 3
DRAWS = ROWS * COLUMNS
WIDTH, HEIGHT = 760, 356
TOP, SIZE, TILE = 76, 224, 56  # of the panels, in pixels of the picture
LEFTS = {"original": 14, "transformed": 298, "draws": 582}
REACH = 50  # how far beyond its panel the outline is followed


@cache
def image_of(name):
    """Return an image as it is transformed: square, from 0, as what lies outside, to 1.

    Returns
    -------
    (H, H, C) array
        A digit of 28 x 28 pixels, 1 for ink, or a photograph of 84 x 84 in color.
    """
    if name == "digit":
        return load_mnist().X[SIX].reshape(SIDE, SIDE, 1)
    which, top, left = SQUARES[name]
    side = 5 * FINE * SIDE
    return _thinned(load_photographs()[which, top : top + side, left : left + side], 5)


def _thinned(image, factor):
    """Return the means over squares of factor x factor pixels."""
    height, width, channels = image.shape
    squares = image.reshape(height // factor, factor, width // factor, factor, channels)
    return squares.mean(axis=(1, 3))


def transformed(image, angle, zoom, shift, flipped):
    """Return an image mirrored where `flipped` says so, then turned, zoomed and shifted.

    Parameters
    ----------
    image : (H, H, C) array
    angle, zoom, flipped : (n,) array
    shift : (n, 2) array
        Down and to the right, in 28ths of the side.

    Returns
    -------
    (n, H, H, C) array
    """
    both = np.stack([image, image[:, ::-1]])
    return warp(both[np.asarray(flipped, dtype=int)], angle, zoom, shift * len(image) / SIDE)


def outline(angle, zoom, shift, flipped):
    """Return where the corners of the image go, (4, 2) as x and y, the top left one first.

    The side of the image is 1, its center is at 0, and y points down.
    """
    x, y = np.array([[-1, 1, 1, -1], [-1, -1, 1, 1]]) / 2
    x = -x if flipped else x
    cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    turned = np.stack([x * cos + y * sin, y * cos - x * sin], axis=1)
    return zoom * turned + np.array(shift)[::-1] / SIDE


def draw(angle, zoom, shift, flip, rng):
    """Return twelve random values of each kind, as `transformed` takes them.

    The angle is uniform on −angle to angle and the shifts alike, the logarithm of the zoom is
    uniform on −log(zoom) to log(zoom), and each image is mirrored with probability ½ if `flip`
    says so. Other strengths stretch the same draws.
    """
    part, coin = rng.uniform(-1, 1, size=(4, DRAWS)), rng.random(DRAWS) < 0.5
    return {
        "angle": angle * part[0],
        "zoom": zoom ** part[1],
        "shift": part[2:].T * shift,
        "flipped": coin & flip,
    }


@cache
def _shown_original(name):
    return shown(image_of(name))


def shown(pixels):
    """Return an image (H, W, C) as a mark shows it: ink black on white, a photograph as it is."""
    if pixels.shape[2] == 1:
        return png_uri(1 - np.rint(15 * pixels[..., 0]) / 15)  # 16 levels take half the space
    return png_uri(pixels)


class AugmentationGallery(LiveFigure):
    """An image, the image transformed, and twelve draws of random values up to the same strengths.

    Parameters
    ----------
    angle : float
        In degrees, counter-clockwise.
    zoom : float
        Greater than 1 enlarges.
    down, right : float
        The shift, in 28ths of the side: in pixels of the digit.
    flip : bool
        Whether the image is mirrored left and right.
    image : str
        "digit", a 6, "flower" or "temple".
    seed : int
        Of the draws.

    Examples
    --------
    >>> figure = AugmentationGallery(angle=0, zoom=1, down=0, right=-3)
    >>> figure.sentence().split(".")[0]
    'Moved 3 pixels to the left: 11 % of the picture comes from outside and is 0'
    """

    angle = Finite(20.0, min=-180, max=180).tag(sync=True)
    zoom = Finite(0.9, min=0.25, max=4).tag(sync=True)
    down = Finite(2.0, min=-SIDE, max=SIDE).tag(sync=True)
    right = Finite(-3.0, min=-SIDE, max=SIDE).tag(sync=True)
    flip = Bool(False).tag(sync=True)
    image = Enum(IMAGES, "digit").tag(sync=True)
    seed = Int(0, min=0).tag(sync=True)

    label = "An image, the image transformed, and twelve random draws"
    controls = (
        slider("angle", "angle, degrees", low=-180, high=180, step=10),
        slider("zoom", "zoom", low=0.5, high=2, step=0.1),
        slider("down", "shift down", low=-8, high=8, step=1),
        slider("right", "shift right", low=-8, high=8, step=1),
        toggle("flip", "mirror left and right"),
        choice("image", "image", IMAGES),
        button("draw", "draw again"),
    )

    def __init__(self, **values):
        super().__init__(**values)
        self.observe(self._reshaped, names="seed")

    def pressed(self, name):
        """Draw other random values."""
        self.seed += 1

    def picture(self):
        """Return the image, the image transformed and the draws."""
        marks = [*self._panels(), *self._frames(), *_titles(), *_credit(self.image)]
        says, scale = self.sentence(), len(image_of(self.image)) / SIDE
        shows = {name: f"{decimal(scale * getattr(self, name))} px" for name in ("down", "right")}
        return Picture(WIDTH, HEIGHT, marks, says=says, shows=shows)

    def sentence(self):
        """Say what has been done, what comes in from outside, and what a reader makes of it."""
        changes = ", ".join(self._changes())
        if not changes:
            return "Nothing is changed, in the draws neither."
        seen = f"{changes[0].upper()}{changes[1:]}: {self._outside()}."
        return f"{seen} The draws go up to these values, to either side.{self._reading()}"

    def alt(self):
        """Return what the still picture shows."""
        subject = {"digit": "a handwritten 6", "flower": "a flower", "temple": "a temple"}
        return (
            f"Left: {subject[self.image]}. Middle: the same image transformed, a dashed outline "
            f"around what was the original. Right: twelve random draws. {self.sentence()}"
        )

    def variants(self):
        """Return other angles; of a photograph none, which take ten times the space of a digit."""
        angles = IN_A_PAGE if self.image == "digit" else []
        return [{"angle": float(angle)} for angle in angles if angle != self.angle]

    def _values_of_one(self):
        return self.angle, self.zoom, np.array([self.down, self.right]), self.flip

    def _transformed(self, image):
        angle, zoom, shift, flip = self._values_of_one()
        return transformed(image, angle, zoom, shift[None], [flip])[0]

    def _panels(self):
        image = image_of(self.image)
        look = "pixelated" if self.image == "digit" else ""
        small = image if len(image) == SIDE else _thinned(image, FINE)
        many = transformed(small, **draw(*self._values_of_one(), np.random.default_rng(self.seed)))
        many = many.reshape(ROWS, COLUMNS, *small.shape).swapaxes(1, 2)
        sheet = many.reshape(ROWS * SIDE, COLUMNS * SIDE, -1)
        panels = {
            "original": _shown_original(self.image),
            "transformed": shown(self._transformed(image)),
            "draws": shown(sheet),
        }
        return [mark(name, "image", look, [*_place(name), uri]) for name, uri in panels.items()]

    def _frames(self):
        left, top, width, height = _place("transformed")
        center, clip = [left + width / 2, top + height / 2], _around(left, top, width, height)
        corners = center + width * outline(*self._values_of_one())
        tile_rows = [TOP + TILE * k for k in range(ROWS + 1)]
        tile_columns = [LEFTS["draws"] + TILE * k for k in range(COLUMNS + 1)]
        grid = [[tile_columns[0], y, tile_columns[-1], y] for y in tile_rows]
        grid += [[x, tile_rows[0], x, tile_rows[-1]] for x in tile_columns]
        return [
            mark("frame of the original", "area", "muted thin", _corners("original")),
            mark("frame of the transformed", "area", "muted thin", _corners("transformed")),
            mark("frames of the draws", "lines", "muted thin", grid),
            mark("outline", "area", "train dashed", corners.ravel(), clip=clip),
            mark("first corner", "dots", "train", _corners("original")[:2]),
            mark("first corner moved", "dots", "train", corners[0], clip=clip),
        ]

    def _changes(self):
        """Yield what is done to the image."""
        if self.flip:
            yield "mirrored"
        if self.angle:
            way = "counter-clockwise" if self.angle > 0 else "clockwise"
            yield f"turned by {decimal(abs(self.angle))}° {way}"
        if self.zoom != 1:
            yield f"{'enlarged' if self.zoom > 1 else 'shrunk'} to {100 * self.zoom:.0f} %"
        moved = " and ".join(self._moves())
        if moved:
            yield f"moved {moved}"

    def _moves(self):
        """Yield the shifts that are not 0, in pixels of this image."""
        scale = len(image_of(self.image)) / SIDE
        for by, onward, back in (
            (self.down, "down", "up"),
            (self.right, "to the right", "to the left"),
        ):
            if by:
                pixels = decimal(abs(scale * by))
                unit = "pixel" if pixels == "1" else "pixels"
                yield f"{pixels} {unit} {onward if by > 0 else back}"

    def _outside(self):
        share = 1 - self._transformed(np.ones((FINE * SIDE, FINE * SIDE, 1))).mean()
        if share < 1e-9:
            return "nothing comes in from outside"
        return f"{percent(share)} of the picture comes from outside and is 0"

    def _reading(self):
        if self.image != "digit":
            return ""
        if self.flip:
            return " Nobody writes a 6 mirrored."
        near = abs(self.angle) >= UPSIDE_DOWN
        return " Near 180° a 6 reads as a 9, and its label is wrong." if near else ""


def _place(name):
    """Return left, top, width and height of a panel."""
    return [LEFTS[name], TOP, COLUMNS * TILE if name == "draws" else SIZE, ROWS * TILE]


def _corners(name):
    left, top, width, height = _place(name)
    right, bottom = left + width, top + height
    return [left, top, right, top, right, bottom, left, bottom]


def _around(left, top, width, height):
    return [left - REACH, top - REACH, width + 2 * REACH, height + 2 * REACH]


def _titles():
    texts = {
        "original": ("the original", TOP - 10),
        "transformed": ("transformed; dashed: the original's frame", TOP - REACH - 8),
        "draws": ("twelve draws", TOP - 10),
    }
    left, bottom = LEFTS["original"], TOP + SIZE
    key = [left + 12, bottom + 18, "its top left corner, here and in the middle"]
    return [
        *(
            mark(f"title of {name}", "text", "ink bold start", [LEFTS[name], y, text])
            for name, (text, y) in texts.items()
        ),
        mark("key", "dots", "train decor", [left + 3, bottom + 14]),
        mark("key text", "text", "muted small start", key),
    ]


def _credit(name):
    """Return who made a photograph, as its license asks."""
    if name not in CREDITS:
        return []
    at = [LEFTS["original"], TOP + SIZE + 38, CREDITS[name]]
    return [mark("credit", "text", "muted small start", at)]
