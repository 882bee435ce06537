# %% [markdown]
# # Show the network more than you have: data augmentation
#
# A photograph of a temple that you mirror is still a photograph of a temple.
# So from each example you can make others, and train on them: this is called *data augmentation*.
# You write five operations of TensorFlow in NumPy, to the last bit, and a random shift of your own.
# On the way you find out why two frameworks make different images of the same photograph,
# which transformations keep a label and which spoil it,
# and where the penalty is that hides in augmented data.
#
# **After this lesson you can**
#
# - mirror, turn, resize, crop and shift a batch of images without a loop over pixels;
# - tell which pixels a resize looks at, and find out the rule of any library with one ramp;
# - decide whether a transformation keeps the labels of a task, and whether it is of use;
# - measure what augmentation brings, and say where it stops helping;
# - derive the penalty that augmentation puts on a linear model.
#
# | unit | minutes | points |
# |---|---:|---:|
# | 1. Mirror and turn | 13 | 2 |
# | 2. Keep the label | 6 | 1 |
# | 3. Ask where a pixel looks | 23 | 5 |
# | 4. Shift each image by its own amount | 14 | 3 |
# | 5. Train on more than you have | 8 | |
# | 6. Find the penalty in it | 6 | |
# | **core path** | **70** | **11** |
# | 7. Cut boxes out | 12 | 3 |
# | 8. Take a glimpse | 15 | 4 |
# | In practice, further reading | 5 | |
# | **second part** | **32** | **7** |
#
# The minutes are estimates, made as lesson 0, unit 1 tells.
# The second part can wait for another day.

# %% [markdown]
# Run the set-up cell first.
# It imports what you need, and loads 5,000 digits and two photographs, a temple by danielbuechele and a flower by vultilion (both CC BY 2.0).
# Images are arrays of floats from 0 to 1.
# Your answers may use all of it, since grading runs this cell before them.

# %%
from functools import partial
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from utils import figures
from utils.checking import check, scorecard
from utils.data import load_mnist, load_photographs, split
from utils.golden import load_golden
from utils.images import warp
from utils.network import Network
from utils.training import train

figures.use_style()
mnist, photographs = load_mnist(), load_photographs().astype(np.float32)  # (2, 427, 640, 3)
digits = mnist.X.reshape(-1, 28, 28, 1)  # 0 is paper, 1 is ink

# %% [markdown]
# ## 1. Mirror and turn
#
# **Derive.**
# A batch of images is an array $X$ of shape $(N, H, W, C)$:
# $N$ images of $H$ rows and $W$ columns, with $C$ numbers for each pixel.
# A photograph has $C = 3$, for red, green and blue; a digit has $C = 1$.
# Rows are counted from the top, columns from the left, both from 0.
#
# To *mirror* an image from left to right, column $j$ of the result takes column $W - 1 - j$ of the input:
#
# $$Y_{n,i,j,c} = X_{n,\,i,\,W-1-j,\,c} .$$
#
# A *quarter turn*, counter-clockwise, brings the right edge to the top:
#
# $$Y_{n,i,j,c} = X_{n,\,j,\,W-1-i,\,c} ,$$
#
# where $i$ now runs over $W$ rows and $j$ over $H$ columns, so $Y$ has the shape $(N, W, H, C)$.
# Four quarter turns give back the image.
# So for $k$ turns only $k$ modulo 4 counts, and $k = -1$ is one turn clockwise.
#
# Both operations move numbers and compute nothing, so the result is exact.

# %% [markdown]
# **Predict.**
# Mirror an image and then turn it, or turn it and then mirror it: do you get the same?
# If not, which turn after the mirror gives the same as a quarter turn before it?
#
# **Implement** `horizontal_flip`.


# %% role="answer" key="horizontal_flip"
def horizontal_flip(images):
    """Return the images mirrored from left to right.

    Parameters
    ----------
    images : ndarray of shape (N, H, W, C)

    Returns
    -------
    ndarray of shape (N, H, W, C)
    """
    # BEGIN SOLUTION
    return images[:, :, ::-1]
    # END SOLUTION


# %% [markdown]
# **Try** it by hand on one image of two rows and three columns.
# (`[0, :, :, 0]` takes the first image and its only channel.)

# %%
six = np.arange(6.0).reshape(1, 2, 3, 1)
print(six[0, :, :, 0])
print(horizontal_flip(six)[0, :, :, 0])

# %% role="check" key="horizontal_flip" points=1
check("horizontal_flip")

# %% [markdown]
# **Implement** `rot90`.
#
# <details><summary>Hint</summary>
#
# NumPy turns a matrix by quarter turns, too.
# Look up how to tell `np.rot90` which two axes are the rows and the columns.
#
# </details>


# %% role="answer" key="rot90"
def rot90(images, k=1):
    """Return each image turned by k quarter turns, counter-clockwise.

    Parameters
    ----------
    images : ndarray of shape (N, H, W, C)
    k : int
        How many quarter turns; any integer, a negative one turns clockwise.

    Returns
    -------
    ndarray of shape (N, H, W, C), or (N, W, H, C) if k is odd
    """
    # BEGIN SOLUTION
    return np.rot90(images, k, axes=(1, 2))
    # END SOLUTION


# %% [markdown]
# **Try** it by hand.
# The right column, 2 and 5, should become the top row.

# %%
rot90(six)[0, :, :, 0]

# %% role="check" key="rot90" points=1
check("rot90")

# %% [markdown]
# **Explore.**
# The next cell takes random images that are not square, for five seeds, and tries your prediction:
# a quarter turn and then the mirror, against the mirror and then `k` turns.
# The last word of a line says whether four turns give back the image.

# %%
for seed in range(5):
    some = np.random.default_rng(seed).random((3, 4, 6, 2))
    turned_first = horizontal_flip(rot90(some))
    same = {k: np.array_equal(rot90(horizontal_flip(some), k), turned_first) for k in (1, -1)}
    four = np.array_equal(rot90(some, 4), some)
    print(f"seed {seed}: same with k = 1: {same[1]}, k = -1: {same[-1]}; four turns: {four}")

# %% [markdown]
# The order matters: a mirror reverses the sense of the turn.
# In a picture:

# %%
temple = photographs[:1, ::4, ::4]  # every fourth pixel of every fourth row
views = {"as it is": temple, "mirrored": horizontal_flip(temple)}
views |= {"mirrored, then turned": rot90(views["mirrored"]), "turned": rot90(temple)}
views["turned, then mirrored"] = horizontal_flip(views["turned"])
view_figure, view_axes = plt.subplots(1, 5, figsize=(10, 2.6))
for axis, (label, view) in zip(view_axes, views.items(), strict=True):
    axis.imshow(view[0])
    axis.set_title(label, loc="center", fontsize=9)
    axis.set_axis_off()
figures.show(
    view_figure,
    alt="A photograph of a temple five times: as it is, mirrored, mirrored and then turned "
    "counter-clockwise, turned, turned and then mirrored. The two orders give two images, one upside "
    "down relative to the other.",
)

# %% [markdown]
# **Read it.**
# Together, mirror and quarter turns make eight views of an image, no more:
# a mirror can be moved to the front of any sequence of them, if the turns before it change their sense,
# and two mirrors cancel.
# So there is one mirror or none, and then one of four turns.
# The mirrored temple could have been photographed. Could the turned ones?

# %% [markdown]
# ## 2. Keep the label
#
# **Derive.**
# An example is a pair: an image $x$, of shape $(H, W, C)$, and its label $y$.
# You replace $x$ by $T(x)$, where $T$ is a transformation, and keep $y$.
# Two questions decide whether this is a good idea.
#
# 1. *Is it true?* Would whoever gave $x$ the label $y$ also give $T(x)$ the label $y$?
#    If not, you train on a wrong label, which you made yourself.
# 2. *Does it come up?* Is $T(x)$ an image that the network will have to do with?
#    If not, the network spends its effort on images that nobody will show it.
#
# Both depend on the task, not on the transformation alone.

# %% [markdown]
# **Predict.**
# Which of these transformations keeps the labels of its task?
#
# - **a** A turn by any angle, for handwritten digits, "which digit?".
# - **b** Mirroring left and right, for photographs of flowers, "which flower?".
# - **c** Mirroring left and right, for handwritten lowercase letters, "which letter?".
# - **d** Cropping to a random tenth of the area, for photographs of streets, "is there a bicycle?".

# %% role="answer" key="kept_labels"
kept_labels = None  # "a", "b", "c" or "d"
# BEGIN SOLUTION
kept_labels = "b"
# END SOLUTION

# %% role="check" key="kept_labels" points=1
check("kept_labels")

# %% [markdown]
# **Explore.**
# Can a program tell you whether a label survives?
# The next function reads an image by the simplest method there is:
# it takes the label of the most similar one among the images that it knows.


# %%
def read_by_neighbor(known, labels, images):
    """Return for each of m images the label of the nearest known image, (m,)."""
    known, images = known.reshape(len(known), -1), images.reshape(len(images), -1)
    distances = (known**2).sum(axis=1) - 2 * images @ known.T  # up to a constant in each row
    return labels[distances.argmin(axis=1)]


def read_changed(seed):
    """Return how many digits are read as labeled, as they are and changed, in %, (4,)."""
    known, (images, labels) = split(digits, mnist.y, (2000, 500), np.random.default_rng(seed))
    shifted = np.pad(images, ((0, 0), (2, 0), (2, 0), (0, 0)))[:, :28, :28]
    versions = [images, images[:, :, ::-1], images[:, ::-1, ::-1], shifted]
    return [100 * np.mean(read_by_neighbor(*known, each) == labels) for each in versions]


# %% [markdown]
# It knows 2,000 digits, all upright, and reads 500 others:
# as they are, mirrored, after half a turn, and shifted by two pixels down and two to the right.
# The cell prints the mean over five seeds, plus or minus the standard deviation.
# Before you run it: in which order will the four come out?
# The last line asks how often a 9, after half a turn, is read as a 6,
# by a reader who knows the nine other digits.

# %%
shares = np.array([read_changed(seed) for seed in range(5)])  # (5, 4)
for name, share in zip(
    ("as they are", "mirrored", "half a turn", "shifted"), shares.T, strict=True
):
    print(f"{name:12}{share.mean():4.0f} ± {share.std(ddof=1):.0f} % read as labeled")
nines, others = digits[mnist.y == 9], mnist.y != 9
upside_down = read_by_neighbor(digits[others], mnist.y[others], nines[:, ::-1, ::-1])
print(f"9 after half a turn read as 6: {100 * np.mean(upside_down == 6):.0f} %")

# %% [markdown]
# **Read it.**
# Two of the three failures are deserved.
# A 9 upside down reads as a 6, for people as for programs, so its label does not survive,
# and a mirrored 5 is nothing that anybody writes.
# But a digit that is shifted by two pixels has kept its label beyond doubt, and only a third of them is read right.
# So a program's reading is no test of a label. You have to ask what the image means.
#
# And here is where augmentation pays: the label survives, such images come up, and the program does not know it yet.

# %% [markdown]
# ## 3. Ask where a pixel looks
#
# **Derive.**
# To resize an image, go through the pixels of the *output*, and ask where each of them looks in the input.
# Take one axis at a time, with $n$ pixels in the input and $m$ in the output.
# Output pixel $i$, from 0 to $m - 1$, looks at a place $p_i$, a number.
# A whole number is the center of an input pixel.
# Three rules are in use:
#
# | rule | place | where |
# |---|---|---|
# | plain | $p_i = i\,n/m$ | TensorFlow 1's `resize_images` |
# | corners aligned | $p_i = i\,(n-1)/(m-1)$ | the same with `align_corners=True` |
# | half-pixel centers | $p_i = (i + \tfrac12)\,n/m - \tfrac12$ | TensorFlow 2, PyTorch, Pillow |
#
# The second one puts the centers of the first and last pixels on each other.
# The third takes a pixel for a small square:
# the input covers the line from $-\tfrac12$ to $n - \tfrac12$, and $(i + \tfrac12)/m$ is the part of it that lies before the center of output pixel $i$.
#
# Between two centers the value is *interpolated*.
# Let $l = \lfloor p_i \rfloor$ be the pixel below, $u = \min(\lceil p_i \rceil,\ n - 1)$ the one above and $f = p_i - l$ the fraction between.
# (The third rule also looks a little outside; there it takes the nearest end, 0 or $n - 1$, for $p_i$.)
# For values $x_0, \dots, x_{n-1}$ along the axis the output is
#
# $$x_l + (x_u - x_l)\,f .$$
#
# Do this along the columns, and then along the rows of the result: that is *bilinear* interpolation.
# In exact arithmetic it does not matter which comes first, since both orders give the same weighted sum of four pixels.
# For the last bit it does.

# %% [markdown]
# **Predict.**
# You enlarge a photograph to four times its height and width,
# once by TensorFlow 1's plain rule and once with half-pixel centers.
# How do the two results differ, away from the borders?
#
# - **a** Not at all: both interpolate between the same neighbors, and differ only where a border cuts in.
# - **b** The result of TensorFlow 1 lies half a pixel farther up and to the left.
# - **c** The result of TensorFlow 1 lies 1.5 pixels farther up and to the left.
# - **d** The result of TensorFlow 1 lies 1.5 pixels farther down and to the right.

# %% role="answer" key="pixel_centers"
pixel_centers = None  # "a", "b", "c" or "d"
# BEGIN SOLUTION
pixel_centers = "c"
# END SOLUTION

# %% role="check" key="pixel_centers" points=1
check("pixel_centers")

# %% [markdown]
# **Implement** `resize_bilinear`, by TensorFlow 1's rules.
#
# - Corners are aligned if `align_corners` is true and $m > 1$; otherwise the plain rule holds.
# - `preserve_aspect_ratio` takes the largest size that fits into `size` with the ratio of the input:
#   $\sigma H$ rows and $\sigma W$ columns, with $\sigma = \min(h/H,\ w/W)$ for a size $(h, w)$, each rounded to the nearest whole number,
#   and an exact half to the even one, as `np.rint` does: 2.5 becomes 2, and 3.5 becomes 4.
# - If the size is already right, the images are returned as they are.
# - To agree with TensorFlow in the last bit, work in `float32`: $\sigma$, the places, the fractions and the values. Columns come first.
#
# <details><summary>Hint: pick pixels along an axis</summary>
#
# `images.take(lower, axis=2)` picks the columns whose numbers are in the integer array `lower`.
# A fraction for each column has to have the shape $(m, 1)$ to be multiplied with images of shape $(N, H, m, C)$.
#
# </details>
#
# <details><summary>Hint: if you want it fast</summary>
#
# One image and what is made of it fit into the processor's cache, a whole batch does not.
# So a loop over the images, but none over pixels, is faster than none at all.
# And $(W, C)$ numbers as one row of $W \cdot C$ are picked faster than pixel by pixel.
# Nobody asks for it.
#
# </details>


# %% role="answer" key="resize_bilinear"
def resize_bilinear(images, size, align_corners=False, preserve_aspect_ratio=False):
    """Return the images in another size, interpolated from four pixels each, as TensorFlow 1 does.

    Along each axis output pixel i looks at place i·n/m, or at i·(n − 1)/(m − 1) with corners
    aligned.

    Parameters
    ----------
    images : ndarray of shape (N, H, W, C)
    size : pair of int
        Height and width of the result.
    align_corners : bool
        True puts the centers of the corner pixels on each other.
    preserve_aspect_ratio : bool
        True takes the largest size within `size` that has the ratio of the images.

    Returns
    -------
    ndarray of shape (N, h, w, C)
        In float32, or the images themselves if they have that size.
    """
    # BEGIN SOLUTION
    n_images, *old, channels = images.shape
    if preserve_aspect_ratio:
        ratio = np.min(np.float32(size) / np.float32(old))
        size = np.rint(ratio * np.float32(old)).astype(int)
    if list(size) == old:
        return images

    def lookups(n, m, c):  # where to look in a row of n pixels with c numbers each
        step = (n - 1) / (m - 1) if align_corners and m > 1 else n / m
        place = np.repeat(np.arange(m, dtype=np.float32) * np.float32(step), c)
        lower, upper = np.floor(place), np.minimum(np.ceil(place), n - 1)
        which = np.tile(np.arange(c), m)
        return (c * lower + which).astype(int), (c * upper + which).astype(int), place - lower

    def blend(pixels, lower, upper, fraction, axis):
        # No place is outside; "wrap" spares the test of each.
        start, result = (pixels.take(i, axis, mode="wrap") for i in (lower, upper))
        result -= start  # in place, which spares three arrays
        result *= fraction
        result += start
        return result

    (top, bottom, down), across = lookups(old[0], size[0], 1), lookups(old[1], size[1], channels)
    result = np.empty((n_images, size[0], size[1] * channels), np.float32)
    for image, out in zip(images.reshape(n_images, old[0], -1), result, strict=True):
        narrow = blend(image.astype(np.float32, copy=False), *across, axis=1)
        out[:] = blend(narrow, top, bottom, down[:, None], axis=0)
    return result.reshape(n_images, *size, channels)
    # END SOLUTION


# %% [markdown]
# **Try** it by hand on a row of two pixels, 0 and 1, that becomes a row of four.
# The plain rule looks at 0, ½, 1 and 1½, and where there is no pixel above it takes the last one.
# With corners aligned the places are 0, ⅓, ⅔ and 1.

# %%
for corners in (False, True):
    two = np.array([0.0, 1.0]).reshape(1, 1, 2, 1)
    print(resize_bilinear(two, (1, 4), align_corners=corners).ravel().round(3))

# %% role="check" key="resize_bilinear" points=4
check("resize_bilinear")

# %% [markdown]
# **Explore.**
# How do you find out which rule a library uses, if you cannot read its code?
# Give it a *ramp*, an image whose pixel $p$ has the value $p$.
# A straight line is interpolated without error.
# So each output pixel tells you the place where it looked, as long as that is within the image.
#
# The next cell asks your function and Pillow, the library with which many programs load their photographs.
# Pillow resizes one channel at a time.
# (When it reduces, it takes a mean over more than two neighbors, around the place of the third rule.)


# %%
def resize_pillow(images, size):
    """Return float32 images (N, H, W, C) in another size, by Pillow's bilinear resize."""
    height, width = size
    channels = [
        Image.fromarray(channel).resize((width, height), Image.Resampling.BILINEAR)
        for channel in np.moveaxis(images, 3, 1).reshape(-1, *images.shape[1:3])
    ]
    resized = np.array(channels).reshape(len(images), images.shape[3], height, width)
    return np.moveaxis(resized, 1, 3)


# %% [markdown]
# A row of 4 pixels becomes one of 16.
# Which of the three rules will give a straight line, and which a line that is flat at both ends?


# %%
def draw_places(places):
    """Draw where each output pixel looks, for each rule, and return the axes."""
    ax, lines = plt.subplots()[1], ("o-", "s--", "^:")
    colors = [figures.COLORS[name] for name in ("train", "dev", "l2")]
    for (label, values), line, color in zip(places.items(), lines, colors, strict=True):
        ax.plot(values, line, color=color, label=label, markersize=4, linewidth=1)
    ax.set(xlabel="output pixel i", ylabel="place pᵢ in the input")
    ax.legend()
    return ax


# %% [markdown]
# The value of an output pixel of the ramp is the place where it looked. Draw these places.

# %%
ramp = np.arange(4, dtype=np.float32).reshape(1, 1, 4, 1)
places = {
    "plain": resize_bilinear(ramp, (1, 16)).ravel(),
    "corners aligned": resize_bilinear(ramp, (1, 16), align_corners=True).ravel(),
    "half-pixel centers": resize_pillow(ramp, (1, 16)).ravel(),
}
print("plain minus half-pixel:", (places["plain"] - places["half-pixel centers"])[2:12])
ramp_axes = draw_places(places)
ramp_axes.set_title("A ramp tells where each pixel looks")
figures.show(
    ramp_axes.figure,
    alt="The place in the input against the output pixel, for a row of 4 that becomes 16. The plain rule "
    "rises from 0 and is flat for the last four pixels. With corners aligned it is one straight line. "
    "With half-pixel centers it runs 0.375 below the plain rule and is flat for two pixels at each end.",
)

# %% [markdown]
# **Read it.**
# The plain rule and half-pixel centers have the same slope, and a distance of 0.375 input pixels.
# In the enlarged image these are 1.5 pixels.
# In general, for an enlargement by $s$,
#
# $$\frac{i}{s} - \Bigl(\frac{i + \frac12}{s} - \frac12\Bigr) = \frac{s - 1}{2s}
# \quad\text{input pixels, or}\quad \frac{s - 1}{2} \quad\text{output pixels.}$$
#
# With corners aligned it is no shift: the image is stretched from its middle, by $(m-1)/(n-1)$ in place of $m/n$.
# And the plain rule is not symmetric: it repeats the last pixel, and never the first.
#
# Is a shift of a pixel or two of any importance?
# For $s = 3$ and $s = 5$ it is 1 and 2 whole pixels, so it can be checked exactly, on the photographs.
# You compare your result, moved by $(s-1)/2$ pixels, with Pillow's, away from the last few rows and columns.

# %%
detail = photographs[:, 100:160, 200:280]  # (2, 60, 80, 3)
for s in (3, 5):
    ours, theirs = (resize(detail, (60 * s, 80 * s)) for resize in (resize_bilinear, resize_pillow))
    moved, edge = (s - 1) // 2, 2 * s
    largest = np.abs(ours - theirs)[:, :-edge, :-edge].max()
    after_shift = np.abs(ours[:, :-moved, :-moved] - theirs[:, moved:, moved:])
    zero = after_shift[:, :-edge, :-edge].max() < 1e-4
    print(f"s = {s}: largest difference {largest:.1f}, after the shift zero: {zero}")

# %% [markdown]
# The two libraries make the same image, in two places.
#
# Now suppose that a program reduces a photograph to a fifth with one of them,
# lets a network mark what it sees, and enlarges the marks again with the other.
# Where do the marks end up?
# Take the photograph itself as its marks.
# The next cell has two functions: one looks for the shift, down and to the right, at which an image fits another best,
# the other reduces a photograph and enlarges it again.


# %%
def best_shift(result, image, reach=4):
    """Return the shift (down, right) at which a result fits the image best, up to `reach` pixels."""
    height, width = image.shape[0] - 2 * reach, image.shape[1] - 2 * reach
    core, misses = image[reach : reach + height, reach : reach + width], {}
    for down, right in np.ndindex(2 * reach + 1, 2 * reach + 1):
        part = result[down : down + height, right : right + width]
        misses[down - reach, right - reach] = np.mean((part - core) ** 2)
    return min(misses, key=misses.get)


def round_trip(images, reduce, enlarge):
    """Reduce images to a fifth by one function, and enlarge them again by another."""
    height, width = images.shape[1:3]
    return enlarge(reduce(images, (height // 5, width // 5)), (height, width))


# %% [markdown]
# Try all four pairs of rules. For which of them do you expect a shift, and which way?

# %%
whole = photographs[:, :425]  # 425 and 640 can be divided by 5
resizers = {"plain": resize_bilinear, "half-pixel": resize_pillow}
for down_rule, up_rule in product(resizers, repeat=2):
    there_and_back = round_trip(whole, resizers[down_rule], resizers[up_rule])
    shifts = [best_shift(*both) for both in zip(there_and_back, whole, strict=True)]
    print(f"reduced {down_rule:10}, enlarged {up_rule:10}: temple {shifts[0]}, flower {shifts[1]}")

# %% [markdown]
# With one rule both ways nothing moves.
# With two rules the photographs move by two pixels, $(s-1)/2$ again, in a direction that depends on which came first.
# You can see it in a detail of the temple, with a cross at the same place in each picture.

# %%
shown = {
    "the photograph": whole[0],
    "plain, then plain": round_trip(whole, resize_bilinear, resize_bilinear)[0],
    "plain, then half-pixel": round_trip(whole, resize_bilinear, resize_pillow)[0],
}
trip_figure, trip_axes = plt.subplots(1, 3, figsize=(10, 3.6))
for axis, (label, image) in zip(trip_axes, shown.items(), strict=True):
    axis.imshow(image[150:190, 300:350])
    axis.plot([25, 25, np.nan, 0, 49], [0, 39, np.nan, 20, 20], color="white", linewidth=0.8)
    axis.set(title=label, xticks=[], yticks=[])
figures.show(
    trip_figure,
    alt="A detail of the temple three times with a cross in the same place: as it is; with one rule, blurred "
    "but in place; with two rules, blurred and two pixels farther down and to the right.",
)

# %% [markdown]
# **Read it.**
# Whoever trains a network on images that one library resized, and uses it on images that another did, shifts all its inputs.
# Enlarged images are off by $(s-1)/2$ pixels of what the network sees.
# Reduced ones are off by less than half a pixel of what it sees,
# but whatever it marks in them lands $(s-1)/2$ pixels off in the photograph.
# You have seen in unit 2 what two pixels can do to a reader that never met a shifted digit.
# The shift gives no error message. With a ramp you find it in a minute.

# %% [markdown]
# ## 4. Shift each image by its own amount
#
# **Derive.**
# A shift by $d$ rows down and $r$ columns to the right is
#
# $$Y_{n,i,j,c} = X_{n,\,i-d,\,j-r,\,c},$$
#
# with 0 where there is no such pixel.
# For augmentation each image $n$ gets whole numbers $d_n$ and $r_n$ of its own,
# drawn from $-k, \dots, k$ with equal probability, where $k$ is the largest shift, `max_shift`.
# And each is mirrored, or not, with the probability `flip_prob`.
# All these draws are independent of each other.
# So there are $(2k+1)^2$ shifts, 25 for $k = 2$, and twice as many images if you mirror.
#
# A loop over the images would do.
# Without one, first put a margin of $k$ zeros around all images.
# Then row $i$ of image $n$ comes from row $i - d_n + k$ of the larger image, which always exists.
# An integer array of shape $(N, H)$ holds all these numbers.

# %% [markdown]
# **Predict.**
# You draw 10,000 shifted copies of one digit, with $k = 2$, and take their mean.
# What does it look like? And how many of the copies are the digit itself, unmoved?
#
# **Implement** `random_augment`. All that is random must come from `rng`.
#
# <details><summary>Hint: whole numbers from −k to k</summary>
#
# `rng.integers(low, high)` never draws `high`.
#
# </details>
#
# <details><summary>Hint: pick a row and a column for each image at once</summary>
#
# `padded[a, b, c]` with integer arrays of shapes $(N, 1, 1)$, $(N, H, 1)$ and $(N, 1, W)$
# has the shape $(N, H, W, C)$: the first says which image, the second which row, the third which column.
#
# </details>


# %% role="answer" key="random_augment"
def random_augment(images, rng, max_shift=2, flip_prob=0.0):
    """Return the images, each shifted by whole pixels of its own, and perhaps mirrored.

    Parameters
    ----------
    images : ndarray of shape (N, H, W, C)
    rng : numpy.random.Generator
    max_shift : int
        The shifts down and right are uniform on −max_shift, …, max_shift; less than H and W.
    flip_prob : float
        The probability of a mirror from left to right, for each image.

    Returns
    -------
    ndarray of shape (N, H, W, C)
        A new array of the same dtype, 0 where a shift leaves no pixel.
    """
    # BEGIN SOLUTION
    n, height, width, _ = images.shape
    down, right = rng.integers(-max_shift, max_shift + 1, size=(2, n, 1))
    flipped = rng.random((n, 1)) < flip_prob
    margin = (max_shift, max_shift)
    padded = np.pad(images, ((0, 0), margin, margin, (0, 0)))
    rows = np.arange(height) + max_shift - down  # (N, H): where each row comes from
    columns = np.arange(width) + max_shift - right
    columns = np.where(flipped, columns[:, ::-1], columns)
    return padded[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]
    # END SOLUTION


# %% [markdown]
# **Try** it where nothing is left to chance:
# with `max_shift=0` each image stays, and with `flip_prob=1` each is mirrored.
# Then let it draw twice, on the same image of two rows and three columns.
# By how many rows and columns was each of the two shifted?

# %%
rng_tried = np.random.default_rng(3)
print(np.array_equal(random_augment(six, rng_tried, max_shift=0), six))
print(np.array_equal(random_augment(six, rng_tried, max_shift=0, flip_prob=1.0), six[:, :, ::-1]))
for draw in random_augment(np.concatenate([six, six]), rng_tried, max_shift=1):
    print(draw[:, :, 0].tolist())

# %% role="check" key="random_augment" points=3
check("random_augment")

# %% [markdown]
# **Explore** what the draws have in common.
# You will take the mean of 10,000 draws of one digit, for five seeds,
# and compare it with the mean of its 25 shifts, which the next cell computes.

# %%
digit = digits[2600:2601]
around = np.pad(digit, ((0, 0), (2, 2), (2, 2), (0, 0)))
blurred = np.mean([around[:, a : a + 28, b : b + 28] for a, b in np.ndindex(5, 5)], axis=0)

# %% [markdown]
# Now draw, and show the digit, six of the draws of the last seed, and the mean of the 25 shifts.

# %%
for seed in range(5):
    draws = random_augment(np.repeat(digit, 10_000, axis=0), np.random.default_rng(seed))
    off = np.abs(draws.mean(axis=0) - blurred[0]).max()
    unmoved = np.mean((draws == digit).all(axis=(1, 2, 3)))
    print(f"seed {seed}: off by at most {off:.2f}; unmoved {100 * unmoved:.0f} %")
mean_axes = figures.plot_digits(
    np.concatenate([digit, draws[:6], blurred])[..., 0],
    ["the digit", *[f"draw {i}" for i in range(1, 7)], "mean of 25"],
)
figures.show(
    mean_axes[0].figure,
    alt="A handwritten 5, six copies of it, each shifted by up to two pixels, and the mean of all 25 shifts, "
    "which is the same digit with soft edges.",
)

# %% [markdown]
# **Read it.**
# The mean of many shifted copies is the digit, blurred by a square of five pixels; one copy in 25 is unmoved.
# A network that trains on shifted copies sees this mean, and what varies around it.
# Unit 6 takes these two apart.
#
# **Explore** the live figure, which has more transformations.
# On the left is an image, in the middle the same image, changed as the sliders say.
# On the right are twelve draws, each with random values up to those of the sliders.
#
# Try three things.
# Set the angle to 0, the zoom to 1 and both shifts to 2, and draw again a few times:
# these are draws as yours, but for shifts by parts of a pixel.
# Then raise the angle: from where on would you no longer vouch for the label?
# And choose a photograph: which of the draws could somebody have taken with a camera?

# %%
from utils import widgets

widgets.AugmentationGallery()

# %% [markdown]
# **Read it.**
# A little of everything leaves the 6 a 6. Near half a turn it is a 9, and mirrored it is no digit at all.
# With a photograph it is the black corners that give the change away:
# a network may learn from them what has been done to the image, and no camera makes them.
# So how far to go is a question to the task, one for each transformation.

# %% [markdown]
# ## 5. Train on more than you have
#
# **Derive.**
# There are two ways to train on augmented data.
# You can make a larger set once, with some copies of each example,
# or draw a new copy of each example whenever its turn comes.
# The second takes no memory, and the variety does not end with the copies that you made; it is what the frameworks do.
# The number of steps stays the same, so a comparison with and without augmentation is fair in this respect.
#
# You will compare five ways, on 200 digits, which is few:
# no change; shifts of up to 2 pixels, by your function; zooms by a factor between 0.85 and 1.15;
# turns by up to 15 degrees; and the three together.
# For zoom and turn there is a helper, `warp`, which looks up each output pixel in the input, as `resize_bilinear` does.


# %%
def turn_and_zoom(images, rng, angle=0.0, zoom=0.0):
    """Turn each image by up to ±angle degrees and zoom it by a factor of up to 1 ± zoom."""
    n = len(images)
    return warp(
        images, angle=rng.uniform(-angle, angle, size=n), zoom=1 + rng.uniform(-zoom, zoom, size=n)
    )


changes = {
    "none": lambda images, rng: images,
    "shift": random_augment,
    "zoom": partial(turn_and_zoom, zoom=0.15),
    "turn": partial(turn_and_zoom, angle=15.0),
    "together": lambda images, rng: turn_and_zoom(random_augment(images, rng), rng, 15.0, 0.15),
}

# %% [markdown]
# The next function trains the network of lesson 0, unit 3, with one of these changes.
# The seed decides on the digits, the first weights and the order, so that the five ways see the same.
# `train` hands each batch to `transform`, as rows of 784 pixels.


# %%
def accuracy(change, seed, n=200, epochs=60):
    """Return the dev accuracy, in %, of a network trained on n digits that `change` augments."""
    rng = np.random.default_rng(seed)
    (X, y), dev = split(mnist.X, mnist.y, (n, 2000), rng)
    network = Network((784, 50, 10), rng)

    def transform(batch, rng):
        return change(batch.reshape(-1, 28, 28, 1), rng).reshape(batch.shape)

    train(network, X, y, epochs=epochs, lr=0.2, rng=rng, batch_size=25, transform=transform)
    return 100 * (1 - network.error(*dev))


# %% [markdown]
# **Predict.**
# Which of the three helps most, alone? Do their gains add up?
# Will the spread between seeds be larger or smaller than the gains?
#
# In the figure a dot is one network, a bar the mean of its way, and a thin line joins the results of one seed.


# %%
def draw_scores(table, labels):
    """Draw the accuracies (ways, seeds), a dot each, and return the axes."""
    ax = plt.subplots()[1]
    ax.plot(table, color=figures.COLORS["plain"], linewidth=0.8, linestyle="-")
    ax.plot(table, figures.MARKERS["dev"], color=figures.COLORS["dev"], markersize=5)
    ax.plot(table.mean(axis=1), "_", color="black", markersize=26)
    ax.set(xticks=range(len(labels)), xticklabels=labels, ylabel="dev accuracy in %")
    ax.set_title("200 digits: each change helps, all three help most")
    return ax


# %% [markdown]
# The 25 networks take some seconds.

# %%
scores = {
    name: np.array([accuracy(change, seed) for seed in range(5)])
    for name, change in changes.items()
}  # five seeds each
table = np.array(list(scores.values()))  # (5 ways, 5 seeds)
for name, found in scores.items():
    gain = found - scores["none"]
    print(f"{name:9}better than none in {np.sum(gain > 0)} of 5 seeds")
print(f"together is the best in {np.sum(table.argmax(axis=0) == 4)} of 5 seeds")
score_axes = draw_scores(table, list(scores))
figures.show(
    score_axes.figure,
    alt="Dev accuracy of five seeds for each of five ways, with a thin line for each seed. The mean is "
    "lowest at none, two or three points higher at zoom and turn, four at shift, and five or six at together.",
)

# %% [markdown]
# **Read it.**
# Each change alone beats none in all five seeds: the shift by about four points, zoom and turn by two or three.
# (A *point* is one percent of the digits.)
# Together they bring five or six on the mean, less than the sum, and in most seeds the most.
# The standard deviation between seeds is one or two points.
# But a thin line belongs to the same digits, the same first weights and the same order,
# so follow the lines: they tell more than the clouds.
# Five seeds are few, and your function may draw other shifts than ours from the same seed.
# So expect a line now and then in which a gain is small, or a loss.
#
# How much is that worth?
# Compare with the honest alternative, *more* digits, without augmentation, for the same number of steps.

# %%
amounts = (200, 300, 400, 600, 800)
of_amount = [
    [accuracy(changes["none"], seed, n, epochs=12_000 // n) for seed in range(5)] for n in amounts
]  # 5 amounts, 5 seeds
amount_axes = plt.subplots()[1]
amount_axes.plot(amounts, of_amount, figures.MARKERS["plain"], color=figures.COLORS["plain"])
amount_axes.plot(amounts, np.mean(of_amount, axis=1), **figures.series_style("plain"))
amount_axes.set(xlabel="digits, as they are", ylabel="dev accuracy in %")
amount_axes.set_title("Without augmentation, twice the digits bring five points")
figures.show(
    amount_axes.figure,
    alt="Dev accuracy of five seeds against the number of digits, without augmentation. The mean rises "
    "from 81 % at 200 digits to a little under 87 % at 400, and to 88 % at 600 and 800.",
)

# %% [markdown]
# With all three changes, 200 digits came to 86 or 87 %: they do about as well as 400 without.
# And all it costs is a line of code.
#
# Now try to break the finding.
# Here are six other trials:
# no change, but three times as many epochs; the three together for as many;
# shifts of up to 4 pixels, for 60 epochs and for 180;
# each digit mirrored with probability ½; and turns by any angle.
# Decide for each of them whether it helps.
# The function below the trials draws them: each row is a trial, each dot the gain of one seed over the same seed without a change.

# %%
trials = {
    "none, 180 epochs": (changes["none"], 180),
    "together, 180 epochs": (changes["together"], 180),
    "shift by 4": (partial(random_augment, max_shift=4), 60),
    "shift by 4, 180 epochs": (partial(random_augment, max_shift=4), 180),
    "mirror": (partial(random_augment, max_shift=0, flip_prob=0.5), 60),
    "turn by any angle": (partial(turn_and_zoom, angle=180.0), 60),
}


def draw_gains(gains, labels):
    """Draw the gains (trials, seeds), a dot each, and return the axes."""
    ax = plt.subplots()[1]
    ax.plot(gains, range(len(labels)), figures.MARKERS["dev"], color=figures.COLORS["dev"])
    ax.axvline(0, color="black", linewidth=0.8)
    ax.set(yticks=range(len(labels)), yticklabels=labels, xlabel="gain in dev accuracy, points")
    ax.set_title("What is too much, or never comes up, does harm")
    return ax


# %% [markdown]
# 35 networks are trained now, five without a change and five for each trial.

# %%
plain = np.array([accuracy(changes["none"], seed) for seed in range(5)])
gains = [
    [accuracy(change, seed, epochs=epochs) for seed in range(5)] - plain
    for change, epochs in trials.values()
]  # five seeds each
gain_axes = draw_gains(gains, list(trials))
figures.show(
    gain_axes.figure,
    alt="The gain over no augmentation, for five seeds and six trials. No change with more epochs: 0. "
    "Together with more epochs: a gain of about 8 points on the mean. Shifts by 4: a loss of 3 to 5 points; with "
    "more epochs: about as good as none. Mirror: a loss of about 5. Turn by any angle: a loss of more than 20.",
)

# %% [markdown]
# **Read it.**
# Three times as many epochs alone bring next to nothing.
# With the three changes they count: the gain grows to about eight points.
# So 200 digits come to 89 or 90 %, at least as much as 800 did without.
# Shifts by up to 4 pixels harm in 60 epochs: the task has become harder than so few steps can learn.
# In 180 epochs that loss is gone, but they stay behind what shifts by 2 did in 60.
# So more variety wants more steps, and a comparison at one number of steps is a comparison at *that* number.
#
# The mirror costs about five points, although hardly a mirrored digit is another digit: such images do not come up.
# Turns by any angle cost about twenty.
# Among the images are 9s that read as a 6 and have the label 9, and most of the others do not come up.
# These are the two questions of unit 2, in numbers.
# Augmentation is knowledge about the task. Where the knowledge is wrong, so is the result.

# %% [markdown]
# ## 6. Find the penalty in it
#
# **Derive.**
# In lesson 1 you added a penalty to the loss. Augmentation adds nothing to the loss. Why is it called regularization?
# Take the linear model of lesson 2: $n$ examples $x_i$, of shape $(d{,})$, responses $y_i$, numbers, and weights $w$, of shape $(d{,})$.
# In each step you use a random copy $\tilde x_i$ in place of $x_i$.
# Let $\mu_i$, of shape $(d{,})$, be the mean of the copies and $\Sigma_i$, of shape $(d, d)$, their covariance matrix.
# Then $w^\top \tilde x_i$ is a random number with mean $w^\top \mu_i$ and variance $w^\top \Sigma_i w$.
# Write $\mathrm{E}$ for the expectation, the mean over all draws.
# The mean of a square is the square of the mean plus the variance, so
#
# $$\mathrm{E} \sum_{i=1}^n (y_i - w^\top \tilde x_i)^2
# = \sum_{i=1}^n (y_i - w^\top \mu_i)^2 + w^\top S\, w,
# \qquad S = \sum_{i=1}^n \Sigma_i .$$
#
# There it is: a loss, on the mean images, and a penalty.
# It charges for *how much the output varies when the input is changed in a way that should not matter*.
# This is exact, for any change, large or small.
#
# Two cases are worth a look.
#
# - Add independent noise of mean 0 and variance $\sigma^2$, a number, to each pixel.
#   Then $\mu_i = x_i$ and $\Sigma_i = \sigma^2 I$, so the penalty is $n\sigma^2\|w\|^2$.
#   So noise on the inputs is, on the mean, ridge with $\lambda = n\sigma^2$.
# - Shift by up to $k$ pixels. Then $\mu_i$ is the blurred image of unit 4,
#   and $S$ charges for weights where a shift changes the image: at edges.

# %% [markdown]
# **Predict.**
# You fit $w$ to tell a 3 ($y = 1$) from a 5 ($y = -1$), by ridge, as in lesson 2, unit 2, and again with the penalty of shifts.
# $w$ has a number for each pixel, so it can be shown as an image. How will the two differ?
#
# **Explore.**
# First check the identity, with all 25 shifts of 100 digits and random weights.


# %%
def all_shifts(X):
    """Return the 25 shifts by up to 2 pixels of each of n digits, (n, 25, 784)."""
    padded = np.pad(X.reshape(-1, 28, 28), ((0, 0), (2, 2), (2, 2)))
    shifted = [padded[:, a : a + 28, b : b + 28] for a, b in np.ndindex(5, 5)]
    return np.stack(shifted, axis=1).reshape(len(X), 25, 784)


def mean_and_penalty(X):
    """Return the means of the shifts, (n, 784), and the matrix S of their penalty, (784, 784)."""
    copies = all_shifts(X)
    means = copies.mean(axis=1)
    around_means = (copies - means[:, None]).reshape(-1, 784)
    return means, around_means.T @ around_means / 25


# %% [markdown]
# The next function takes the digits, 3s and 5s only: 100 for training and 500 for dev.
# The loop below it compares both sides of the identity.


# %%
def threes_and_fives(seed):
    """Return 100 digits for training and 500 for dev, with the labels 1 for a 3 and −1 for a 5."""
    some = np.isin(mnist.y, (3, 5))
    labels = np.where(mnist.y[some] == 3, 1.0, -1.0)
    return split(mnist.X[some], labels, (100, 500), np.random.default_rng(seed))


for seed in range(5):
    (X_few, y_few), _ = threes_and_fives(seed)
    w_any = np.random.default_rng(seed).normal(size=784)
    means, S = mean_and_penalty(X_few)
    expected = ((y_few[:, None] - all_shifts(X_few) @ w_any) ** 2).mean(axis=1).sum()
    formula = np.sum((y_few - means @ w_any) ** 2) + w_any @ S @ w_any
    print(
        f"seed {seed}: loss over all shifts equals loss plus penalty:",
        np.isclose(expected, formula),
    )

# %% [markdown]
# Now fit the weights, with ridge alone and with the penalty of shifts in addition,
# and count the digits on the right side of 0, for five seeds and seven values of λ.


# %%
def fit(X, y, lam, S=0.0):
    """Return the minimizer of ‖y − Xw‖² + wᵀSw + λ‖w‖²."""
    return np.linalg.solve(X.T @ X + S + lam * np.eye(X.shape[1]), X.T @ y)


def compare(seed):
    """Return the share of dev digits on the right side, (2, 7), and the weights, (2, 7, 784)."""
    (X, y), (X_dev, y_dev) = threes_and_fives(seed)
    means, S = mean_and_penalty(X)
    w = np.array([[fit(X, y, lam) for lam in lams], [fit(means, y, lam, S) for lam in lams]])
    return np.mean(np.sign(w @ X_dev.T) == y_dev, axis=-1), w


lams = np.geomspace(0.1, 100, 7)
rights, fitted = zip(*[compare(seed) for seed in range(5)], strict=True)

# %% [markdown]
# The next function draws the accuracy, its mean and its range over the seeds.


# %%
def draw_rights(ax, rights):
    """Draw for ridge and for shifts the share of dev digits on the right side against λ."""
    looks = {"ridge": ("-.", figures.COLORS["l2"]), "shifts": ("-", figures.COLORS["train"])}
    for (name, (line, color)), shares in zip(looks.items(), rights.swapaxes(0, 1), strict=True):
        ax.plot(lams, shares.mean(axis=0), line, color=color, label=name)
        low, high = shares.min(axis=0), shares.max(axis=0)
        ax.fill_between(lams, low, high, color=color, alpha=0.2, linewidth=0)
    ax.set(xscale="log", xlabel="λ", ylabel="dev accuracy in %", title="Shifts do better")
    ax.legend(loc="lower right")


# %% [markdown]
# Draw it beside the weights of the first seed at $\lambda = 10$.
# Ink on violet speaks for a 3, ink on brown for a 5.

# %%
fit_figure, (right_axes, *weight_axes) = plt.subplots(1, 3, figsize=(10, 3.6))
draw_rights(right_axes, 100 * np.array(rights))
names_of_fits = ("Ridge: dots", "Shifts: strokes")
for axis, w, name in zip(weight_axes, fitted[0][:, 4], names_of_fits, strict=True):
    limit = np.abs(w).max()
    axis.imshow(w.reshape(28, 28), cmap="PuOr", vmin=-limit, vmax=limit)
    axis.set_title(name)
    axis.set_axis_off()
figures.show(
    fit_figure,
    alt="Left: dev accuracy against λ for ridge and for the penalty of shifts, mean and range of five seeds; "
    "that of shifts lies higher for each λ. Middle and right: the weights as images. Those of "
    "ridge change from pixel to pixel; those with the penalty of shifts form a few broad strokes.",
)

# %% [markdown]
# **Read it.**
# For these two digits, and 100 of them, the penalty of shifts does better than ridge, on the mean, at each λ.
# Ridge is the penalty of a pixel noise that knows nothing about images, so it treats each pixel by itself.
# The penalty of shifts ties neighbors together:
# if the output must not change when the digit moves by a pixel, weights that lie side by side have to be alike.
# You see it in the picture.
#
# So augmentation *is* regularization, with a penalty that you need not write down: you say what should not matter.
# For a network and the cross-entropy the identity is no longer exact, since the output is not linear in the input;
# for small changes something like it remains (see Bishop under further reading).
#
# This ends the core path.
# The second part has two operations that cut windows out of images, each with a trap.

# %% [markdown]
# ## 7. Cut boxes out
#
# *The second part starts here.*
#
# **Derive.**
# A detector finds objects at boxes of any size, and the network behind it wants them all in one size.
# `crop_and_resize` cuts boxes out of images and resizes them, in one step.
# A box is $(y_1, x_1, y_2, x_2)$, four numbers, where 0 is the center of the first pixel of an axis and 1 that of the *last*:
# so $y_1$ means row $y_1 (H - 1)$.
# A crop of $h$ rows looks at $h$ equally spaced places, both ends of the box included:
#
# $$p_i = y_1 (H-1) + i\,\frac{(y_2 - y_1)(H-1)}{h-1}, \qquad i = 0, \dots, h-1 .$$
#
# For $h = 1$ it looks at the middle of the box, $\frac12 (y_1 + y_2)(H - 1)$.
# The columns go likewise, and the values between pixels are bilinear.
# A place outside $[0, H-1]$, or outside $[0, W-1]$ for a column, gives `extrapolation_value`, without any interpolation.
# Boxes may stick out of the image, and they may have $y_1 > y_2$.

# %% [markdown]
# **Predict.**
# What does a box with $y_1 = 1$ and $y_2 = 0$ give?
# And which of the three rules of unit 3 is `crop_and_resize` with the box $(0, 0, 1, 1)$?
#
# **Implement** `crop_and_resize`.
# Box $b$ is cut out of the image with the number `box_indices[b]`.
#
# <details><summary>Hint: all boxes at once</summary>
#
# Compute the places of all boxes in arrays of shapes $(n, h)$ and $(n, w)$.
# Then `images[which, rows, columns]` with integer arrays of shapes $(n, 1, 1)$, $(n, h, 1)$ and $(n, 1, w)$
# picks one corner of the four for all boxes at once; `np.clip` keeps the numbers inside.
#
# </details>


# %% role="answer" key="crop_and_resize"
def crop_and_resize(images, boxes, box_indices, crop_size, extrapolation_value=0.0):
    """Return boxes cut out of images and resized to one size, bilinearly, as TensorFlow does.

    Parameters
    ----------
    images : ndarray of shape (N, H, W, C)
    boxes : ndarray of shape (n_boxes, 4)
        y1, x1, y2, x2 of each box: 0 is the first pixel's center, 1 the last one's.
    box_indices : ndarray of int, shape (n_boxes,)
        Which image each box is cut out of.
    crop_size : pair of int
        Height h and width w of each crop.
    extrapolation_value : float
        What stands at places outside the image.

    Returns
    -------
    ndarray of shape (n_boxes, h, w, C), float32
    """
    # BEGIN SOLUTION
    (_, height, width, _), (h, w) = images.shape, crop_size
    which, (y1, x1, y2, x2) = np.asarray(box_indices)[:, None, None], np.float32(boxes).T

    def places(start, stop, n, m):
        last = np.float32(n - 1)
        if m == 1:
            return ((start + stop) / 2 * last)[:, None]
        step = (stop - start) * last / np.float32(m - 1)
        return (start * last)[:, None] + np.arange(m, dtype=np.float32) * step[:, None]

    def across(rows):
        """Return the values in these rows, between the columns left and right, (n, h, w, C)."""
        ends = (
            images[which, rows[:, :, None], c.astype(int)[:, None, :]]
            for c in (np.floor(x), np.ceil(x))
        )
        start, stop = (np.float32(pixels) for pixels in ends)
        return start + (stop - start) * (x % 1)[:, None, :, None]

    y, x = places(y1, y2, height, h), places(x1, x2, width, w)
    inside_y, inside_x = (y >= 0) & (y <= height - 1), (x >= 0) & (x <= width - 1)
    y, x = np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)
    above, below = across(np.floor(y).astype(int)), across(np.ceil(y).astype(int))
    result = above + (below - above) * (y % 1)[:, :, None, None]
    inside = (inside_y[:, :, None] & inside_x[:, None, :])[..., None]
    return np.where(inside, result, np.float32(extrapolation_value))
    # END SOLUTION


# %% [markdown]
# **Try** it by hand on a row of five pixels, 0 to 4, with crops of three pixels.
# The box from 0 to 1 looks at the places 0, 2 and 4.
# From 1 to 0 it looks at 4, 2 and 0. And from ½ to 1½ it looks at 2, 4 and 6, of which the last is outside.

# %%
row_of_five = np.arange(5.0).reshape(1, 1, 5, 1)
some_boxes = np.array([[0, 0, 0, 1.0], [0, 1, 0, 0], [0, 0.5, 0, 1.5]])
crop_and_resize(row_of_five, some_boxes, np.zeros(3, dtype=int), (1, 3), -1.0)[:, 0, :, 0]

# %% role="check" key="crop_and_resize" points=3
check("crop_and_resize")

# %% [markdown]
# **Explore.**
# Is the whole box a resize with aligned corners? And is a box from right to left a mirror?
# The next cell tries both on the photographs, to several sizes.

# %%
full, swapped = np.array([[0, 0, 1, 1.0]] * 2), np.array([[0, 1, 1, 0.0]] * 2)
small = photographs[:, ::8, ::8]  # (2, 54, 80, 3)
for size in ((20, 30), (54, 80), (81, 120)):
    cropped = crop_and_resize(small, full, np.arange(2), size)
    aligned = resize_bilinear(small, size, align_corners=True)
    backward = crop_and_resize(small, swapped, np.arange(2), size)
    print(size, "as with aligned corners:", np.allclose(cropped, aligned, atol=1e-4), end=", ")
    print("swapped is mirrored:", np.allclose(backward, horizontal_flip(cropped), atol=1e-4))

# %% [markdown]
# So within one framework, one operation aligns corners and another does not.
#
# There is a trap in the full box.
# The last place is $(m-1)$ steps of $(n-1)/(m-1)$, which should be $n - 1$.
# In `float32` the product may come out a little larger.
# Then the place is outside, and the last row is `extrapolation_value`: a black line at the edge.
# The next cell asks for which sizes this happens to an image of 28 rows.

# %%
sizes = np.arange(2, 101, dtype=np.float32)
last_places = (sizes - 1) * (np.float32(27) / (sizes - 1))
print("sizes whose last row falls outside:", sizes[last_places > 27].astype(int).tolist())

# %% [markdown]
# **Read it.**
# TensorFlow computes in `float32`, so it has these black lines, too, in ten sizes out of 99.
# If you need the full box, make it a little smaller, or resize.
#
# Here are four random boxes of the flower: a crop, a shift and a zoom in one.
# This, too, is an augmentation in common use.
# Whether the label survives depends on how much of the flower is left.

# %%
rng_boxes = np.random.default_rng(1)
corner, extent = rng_boxes.uniform(0, 0.6, size=(4, 2)), rng_boxes.uniform(0.25, 0.4, size=(4, 1))
random_boxes = np.hstack([corner, corner + extent])
crops = crop_and_resize(photographs[1:], random_boxes, np.zeros(4, dtype=int), (60, 90))
crop_figure, crop_axes = plt.subplots(1, 5, figsize=(10, 1.8))
pieces = [photographs[1, ::6, ::6], *crops]
crop_labels = ["the flower", *(f"from row {426 * y:.0f}" for y in random_boxes[:, 0])]
for axis, piece, label in zip(crop_axes, pieces, crop_labels, strict=True):
    axis.imshow(piece)
    axis.set(title=label, xticks=[], yticks=[])
figures.show(
    crop_figure,
    alt="A photograph of a flower and four crops of it at random places, each resized to the same size. "
    "They show different parts of the petals and of the background.",
)

# %% [markdown]
# ## 8. Take a glimpse
#
# **Derive.**
# `extract_glimpse` cuts one window of $h$ rows and $w$ columns out of each image, pixel by pixel, without resizing.
# A pair of offsets $(o_y, o_x)$ for each image says where. What they mean depends on two switches.
# TensorFlow 2 computes the first row of the window as
#
# | `normalized` | `centered` | first row | in words |
# |---|---|---|---|
# | true | true | $\frac12 (o_y + 1) H - \frac12 h$ | the *center* of the window, from −1 at the top to 1 at the bottom |
# | true | false | $o_y H$ | the *corner*, as a part of the height |
# | false | true | $o_y + \frac12 H$ | the *corner*, in pixels from the image's center |
# | false | false | $o_y$ | the *corner*, in pixels |
#
# and likewise the first column; then it cuts off the fraction, toward zero.
# Only the first line speaks of the window's center.
#
# What lies outside the image is filled according to `noise`:
# with 0 for `"zero"`;
# for `"uniform"` with random numbers between the smallest and the largest number of that image, over all its channels;
# for `"gaussian"` with normal numbers that have the mean and standard deviation of that channel of the image, clipped to the channel's range.
# (The standard deviation is NumPy's `std` as it stands, with `ddof=0`.)
# A window may be larger than its image, and it may lie wholly outside.

# %% [markdown]
# **Predict.**
# TensorFlow 1 went another way. It turned the offset into pixels; if `centered`, it *halved* it and added $\frac12 H$;
# and in every case it then took off half the window, $\frac12 h$.
# For normalized offsets with `centered` this is the first line of the table.
#
# You have digits of 28 × 28 pixels, and want to move each of them down by 4 pixels.
# So you take a window of the whole size, `(28, 28)`, with `offsets` (4, 0), `centered=True` and `normalized=False`.
# What does TensorFlow 1 give you?
#
# - **a** The digit moved down by 4 pixels.
# - **b** The digit moved up by 4 pixels.
# - **c** The digit moved up by 2 pixels.
# - **d** The digit moved up by 18 pixels and left by 14: its lower right part is what you see.

# %% role="answer" key="glimpse_in_pixels"
glimpse_in_pixels = None  # "a", "b", "c" or "d"
# BEGIN SOLUTION
glimpse_in_pixels = "c"
# END SOLUTION

# %% role="check" key="glimpse_in_pixels" points=1
check("glimpse_in_pixels")

# %% [markdown]
# **Implement** `extract_glimpse`, by the rules of TensorFlow 2.
# Compute the first rows and columns in `float32`, as it does.
#
# <details><summary>Hint</summary>
#
# Make the whole window of noise first.
# Then put the pixels of the image where the window's rows and columns lie inside it.
# For a minimum or a mean for each image that still fits the batch, use `keepdims=True`.
#
# </details>


# %% role="answer" key="extract_glimpse"
def extract_glimpse(images, size, offsets, centered=True, normalized=True, noise="zero", rng=None):
    """Return a window of each image at an offset of its own, as TensorFlow 2 does.

    Parameters
    ----------
    images : ndarray of shape (N, H, W, C)
    size : pair of int
        Height h and width w of the windows.
    offsets : ndarray of shape (N, 2)
        Down and right, for each image.
    centered, normalized : bool
        What the offsets mean; see the table of this unit.
    noise : str
        What fills a window outside its image: "zero", "uniform" or "gaussian".
    rng : numpy.random.Generator
        Draws the noise; not needed for "zero".

    Returns
    -------
    ndarray of shape (N, h, w, C)
    """
    # BEGIN SOLUTION
    n, height, width, _ = images.shape
    offsets, whole = np.float32(offsets), np.float32([height, width])
    if normalized:
        first = (offsets + 1) / 2 * whole - np.float32(size) / 2 if centered else offsets * whole
    else:
        first = offsets + whole / 2 if centered else offsets
    corner = np.trunc(first).astype(int)
    rows, columns = (corner[:, [axis]] + np.arange(size[axis]) for axis in (0, 1))  # (N, h), (N, w)
    inside_rows, inside_columns = rows == rows % height, columns == columns % width
    inside = (inside_rows[:, :, None] & inside_columns[:, None, :])[..., None]
    rows, columns = (rows % height)[:, :, None], (columns % width)[:, None, :]
    window = images[np.arange(n)[:, None, None], rows, columns]
    over = {"axis": (1, 2, 3) if noise == "uniform" else (1, 2), "keepdims": True}
    low, high = images.min(**over), images.max(**over)
    filling = 0.0
    if noise == "uniform":
        filling = rng.uniform(low, high, size=window.shape)
    elif noise == "gaussian":
        drawn = rng.normal(images.mean(**over), images.std(**over), size=window.shape)
        filling = np.clip(drawn, low, high)
    return np.where(inside, window, filling).astype(images.dtype)
    # END SOLUTION


# %% [markdown]
# **Try** it by hand on a column of four pixels, 1 to 4, with a window of two rows.
# The center of the image, offset 0, gives the middle two.
# In pixels from the corner, offset −1 gives a zero and the first pixel.
# And in pixels from the center, offset 0 starts at row 2: the last two.

# %%
column_of_four = np.arange(1.0, 5).reshape(1, 4, 1, 1)
for offset, centered, normalized in ((0.0, True, True), (-1.0, False, False), (0.0, True, False)):
    where = np.array([[offset, 0.0]])
    print(extract_glimpse(column_of_four, (2, 1), where, centered, normalized).ravel())

# %% role="check" key="extract_glimpse" points=3
check("extract_glimpse")

# %% [markdown]
# **Explore** the prediction.
# TensorFlow 1's rule for pixels, written down, gives a first row, and your function can start at any row.
# You will see a digit as it is and moved in three ways, the last of which is what was wanted:
# a window of the whole size that starts 4 rows *above* the image shows the digit 4 rows farther down.
# The next function draws them with a cross at the center.


# %%
def draw_glimpses(glimpses):
    """Draw the windows of one digit with a cross at the center, and return the axes."""
    axes = figures.plot_digits(np.concatenate(list(glimpses.values()))[..., 0], list(glimpses))
    for ax in axes:
        ax.axhline(13.5, color=figures.COLORS["plain"], linewidth=0.6)
        ax.axvline(13.5, color=figures.COLORS["plain"], linewidth=0.6)
    return axes


# %% [markdown]
# In which direction will each of them have moved?

# %%
four_down, in_pixels = np.array([[4.0, 0.0]]), {"centered": False, "normalized": False}
# TensorFlow 1: half the offset, and half the image, less half the window.
first_row = four_down / 2 + 14 - 14
noisy = in_pixels | {"noise": "uniform", "rng": np.random.default_rng(0)}
glimpses = {
    "the digit": digit,
    "TF 1 and noise": extract_glimpse(digit, (28, 28), first_row, **noisy),
    "TF 2": extract_glimpse(digit, (28, 28), four_down, normalized=False),
    "4 down": extract_glimpse(digit, (28, 28), -four_down, **in_pixels),
}
glimpse_axes = draw_glimpses(glimpses)
figures.show(
    glimpse_axes[0].figure,
    alt="A handwritten 5; the same moved up by two pixels, with two rows of noise at the bottom; moved up and "
    "left so far that only its lower right part is left; moved down by four, as was wanted.",
)

# %% [markdown]
# **Read it.**
# The lecture notes that this course grew out of shift images by `extract_glimpse`, in TensorFlow 1, with offsets in pixels.
# Three things go wrong with it.
# The offset moves the window, so the content goes the other way;
# it is halved;
# and what comes in from outside is random noise, which is the default.
# The same call in TensorFlow 2 does a fourth thing: it puts the *corner* of the window at the center of the image, or beyond.
# For random shifts the wrong sign would not matter, and the halving would go unnoticed:
# your augmentation would be half as strong as you say.
# The noise is worse, since no digit at test time has such an edge.

# %% [markdown]
# ## In practice
#
# These are the calls by their current names, for shifts by up to 2 of 28 pixels, zoom and turn as in unit 5.
#
# | operation | TensorFlow 2, Keras | PyTorch |
# |---|---|---|
# | mirror | `tf.image.flip_left_right(images)`; at random `keras.layers.RandomFlip("horizontal")` | `torch.flip(images, dims=[3])`; at random `v2.RandomHorizontalFlip()` |
# | quarter turn | `tf.image.rot90(images, k)` | `torch.rot90(images, k, dims=[2, 3])` |
# | resize | `tf.image.resize(images, size)`; TensorFlow 1's rule: `tf.compat.v1.image.resize_images(images, size)` | `torch.nn.functional.interpolate(images, size, mode="bilinear")` |
# | boxes | `tf.image.crop_and_resize(images, boxes, box_indices, crop_size)` | `torchvision.ops.roi_align`, by other rules |
# | glimpse | `tf.image.extract_glimpse(images, size, offsets, noise="zero")` | none |
# | shift | `keras.layers.RandomTranslation(2 / 28, 2 / 28, fill_mode="constant")` | `v2.RandomAffine(0, translate=(2 / 28, 2 / 28))` |
# | zoom | `keras.layers.RandomZoom(0.15, fill_mode="constant")` | `v2.RandomAffine(0, scale=(0.85, 1.15))` |
# | turn | `keras.layers.RandomRotation(15 / 360, fill_mode="constant")` | `v2.RandomAffine(15)` |
#
# scikit-learn has no augmentation: append the copies to `X` and their labels to `y` before you call `fit`.
# PyTorch puts the channels first, $(N, C, H, W)$; `v2` is `torchvision.transforms.v2`.
# Keras' layers fill with a *reflection* unless you say `"constant"`, a positive zoom *reduces*,
# and its shifts are not whole pixels.
# torchvision transforms a whole batch alike, so call it for one image at a time,
# and its `RandomAffine` takes the nearest pixel unless you hand over another `interpolation`.
# `extract_glimpse` fills with uniform noise unless you say `"zero"`.
#
# The next cell compares your functions with what the real TensorFlow gave for two small images.
# The results were stored once, so you do not need TensorFlow.
# If you worked in `float32` by its formulas, they agree to the bit.

# %%
golden = load_golden()
tiny, larger = golden["images"], (14, 20)  # (2, 9, 13, 3)
window, at, in_px = (6, 8), golden["offsets"], golden["pixel_offsets"]


def compare_with_stored(results):
    """Print for each result whether it equals the stored one of the same name."""
    for name, ours in results.items():
        theirs = golden[name]
        close, equal = np.allclose(ours, theirs, atol=1e-4), np.array_equal(ours, theirs)
        print(f"{name:25} equal to 1e-4: {close}, to the bit: {equal}")


# %% [markdown]
# First mirror, turn, resize and boxes.

# %%
boxes_of = (golden["boxes"], golden["box_indices"])
pairs = {
    "flip_tf": horizontal_flip(tiny),
    "rot90_tf": rot90(tiny),
    "resize_tf1": resize_bilinear(tiny, larger),
    "resize_tf1_corners": resize_bilinear(tiny, larger, align_corners=True),
    "resize_tf1_ratio": resize_bilinear(tiny, (14, 14), preserve_aspect_ratio=True),
    "resize_tf1_smaller": resize_bilinear(tiny, (4, 6)),
    "crop_tf": crop_and_resize(tiny, *boxes_of, (5, 6), extrapolation_value=0.5),
    "crop_tf_point": crop_and_resize(tiny, *boxes_of, (1, 1)),
}
compare_with_stored(pairs)

# %% [markdown]
# And the glimpses, in their four modes.

# %%
glimpse_pairs = {
    "glimpse_tf2": extract_glimpse(tiny, window, at),
    "glimpse_tf2_corner": extract_glimpse(tiny, window, at, centered=False),
    "glimpse_tf2_pixels": extract_glimpse(tiny, window, in_px, normalized=False),
    "glimpse_tf2_pixel_corner": extract_glimpse(tiny, window, in_px, False, False),
}
compare_with_stored(glimpse_pairs)

# %% [markdown]
# And the last cell checks what this lesson said about others:
# TensorFlow 2 and PyTorch enlarge as Pillow does, PyTorch with `align_corners=True` as you do,
# and TensorFlow 1's glimpse of pixels starts where unit 8 says.

# %%
by_pillow = resize_pillow(tiny, larger)
aligned_tiny = resize_bilinear(tiny, larger, align_corners=True)
tf1_rows = in_px / 2 + np.float32([9, 13]) / 2 - np.float32(window) / 2
tf1_glimpse = extract_glimpse(tiny, window, tf1_rows, centered=False, normalized=False)
print("TensorFlow 2 as Pillow:", np.allclose(golden["resize_tf2"], by_pillow, atol=1e-4))
print("PyTorch as Pillow:", np.allclose(golden["resize_torch"], by_pillow, atol=1e-4))
print(
    "PyTorch, corners aligned:",
    np.allclose(golden["resize_torch_corners"], aligned_tiny, atol=1e-4),
)
print("TensorFlow 1's glimpse:", np.allclose(golden["glimpse_tf1_pixels"], tf1_glimpse, atol=1e-4))

# %% [markdown]
# ## Further reading
#
# - P. Simard, D. Steinkraus and J. Platt, *Best practices for convolutional neural networks applied to visual document analysis*, ICDAR (2003).
#   Augmentation of these very digits, with elastic deformations, and what it brought.
# - C. Bishop, *Training with noise is equivalent to Tikhonov regularization*, Neural Computation 7 (1995).
#   Unit 6 for networks: exact no longer, but to second order.
# - P. Simard, B. Victorri, Y. LeCun and J. Denker, *Tangent prop*, NIPS (1991).
#   The penalty of a small transformation, put into the loss in place of the copies.
# - C. Shorten and T. Khoshgoftaar, *A survey on image data augmentation for deep learning*, Journal of Big Data 6 (2019).
#   What else is in use, and for which tasks.
# - E. Cubuk, B. Zoph, J. Shlens and Q. Le, *RandAugment*, CVPR Workshops (2020).
#   How to choose transformations and their strength, with two numbers to tune.
# - G. Parmar, R. Zhang and J. Zhu, *On aliased resizing and surprising subtleties in GAN evaluation*, CVPR (2022).
#   How the resize of a library changed published results.
#
# ## See what you have earned

# %%
scorecard("03_data_augmentation")
