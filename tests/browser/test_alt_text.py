"""A figure published by `show` has its alt text in the page, in a trusted notebook or not."""

import nbformat
import pytest
from matplotlib.figure import Figure

from utils.figures import image_html, to_png

ALT = 'The error falls "at once" to < 0.1 & stays there.'
SOURCE = f"""import matplotlib.pyplot as plt
from utils.figures import show, use_style
use_style()
figure, ax = plt.subplots()
ax.plot([3, 1, 1])
show(figure, {ALT!r})"""


def image_output():
    data = {"text/html": image_html(to_png(Figure()), ALT), "text/plain": ALT}
    return nbformat.v4.new_output("display_data", data)


@pytest.mark.parametrize("trusted", [True, False])
def test_the_image_is_found_by_its_alt_text(lab, trusted):
    cell = nbformat.v4.new_code_cell(SOURCE, id="figure")
    if not trusted:  # as a notebook that somebody else has run and sent
        cell.outputs = [image_output()]
    name = f"alt_text_{trusted}.ipynb"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel})
    nbformat.write(notebook, lab.folder / name)
    lab.open(name)
    if trusted:
        lab.run("figure")
    image = lab.cell("figure").get_by_role("img", name=ALT, exact=True)
    image.wait_for()
    assert image.count() == 1
    assert lab.cell("figure").locator(".jp-OutputArea img").count() == 1  # not shown twice
    assert image.evaluate("image => image.naturalWidth") > 0
    lab.screenshot(f"alt-text-{'live' if trusted else 'saved'}", "figure")
