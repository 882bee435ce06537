"""Feedback pages: those of nbgrader, quicker, and nothing of a student's in them runs."""

import copy
import pickle
import random
import re
from html.parser import HTMLParser

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import MarkdownWithMath
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory

from autograder.grading.feedback import HEAD, STYLE, Feedback, Press
from autograder.grading.transplant import MAX_WRITTEN, harmless
from tests.marked import WORST, demo_book, marked, toy_book
from tests.toy import LESSON, RIGHT, answered, cell_of, file_of, release
from utils.pages import KEPT, Renderer

STUDENTS = ("ada-perfect", "fay-threshold", "kim-tampered", "lea-odd-style")
BASE = "01_l1_l2_updates"


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A gradebook with five of the demo class, a comment by hand and a late penalty."""
    made = demo_book(tmp_path_factory.mktemp("book"), BASE, STUDENTS)
    with made.open() as opened:
        name = opened.find_submission_notebook(BASE, BASE, STUDENTS[1]).comments[0].name
        comment = opened.find_comment(name, BASE, BASE, STUDENTS[1])
        comment.manual_comment = "See *chapter 2*: $x < 1$."
        opened.find_submission_notebook(BASE, BASE, STUDENTS[3]).late_submission_penalty = 1.5
        opened.db.commit()
    return made


@pytest.fixture(scope="module")
def press(book):
    """The maker of pages, with the course's settings."""
    return Press(book.config)


def nbgraders(book):
    """Return the exporter of `nbgrader generate_feedback`."""
    converter = GenerateFeedback(coursedir=CourseDirectory(config=book.config), config=book.config)
    exporter = HTMLExporter(parent=converter, config=converter.config)
    for step in converter.preprocessors:
        exporter.register_preprocessor(step)
    return exporter


def unnamed(page):
    """Return a page with nbgrader's own words in its head, and without the style."""
    page = re.sub(r'(<a href="#check_\w+">)<code>\w+</code></a>', r"\1Test cell</a>", page)
    page = re.sub(r'(<a href="#comment-\w+">Comment) on <code>\w+</code></a>', r"\1</a>", page)
    page = re.sub('<p class="title">(.*?)</p>', r"<h4>\1</h4>", page)
    page = page.replace(' role="navigation" aria-label="Marks"', "", 1)
    page = page.replace(HEAD, "<html>\n<head>\n", 1)
    return page.replace(f"<style>\n{STYLE}</style>\n", "", 1)


def test_a_page_is_the_one_that_nbgrader_makes_but_for_its_head(book, press):
    exporter = nbgraders(book)
    for student, grades in book.grades(BASE).items():
        path = book.autograded(student, BASE)
        theirs, _ = exporter.from_filename(str(path), resources=book._resources(student, BASE))
        ours = press.page(path.read_text(encoding="utf-8"), grades)
        assert str(BeautifulSoup(unnamed(ours), features="html.parser")) == theirs
        assert ours.count(STYLE) == 1
    assert "Late submission penalty (Score: -1.5)" in ours


def test_each_link_in_the_head_says_where_it_leads(book, press):
    student = STUDENTS[1]
    text = book.autograded(student, BASE).read_text(encoding="utf-8")
    page = BeautifulSoup(press.page(text, book.grades(BASE)[student]), features="html.parser")
    links = page.select("#toc a")
    names = [link.get_text() for link in links]
    assert "l1_penalty" in names
    assert any(name.startswith("Comment on ") for name in names)
    assert len(set(names)) == len(names)
    assert all(page.find("a", {"name": link["href"][1:]}) for link in links)


def test_marks_and_comments_by_hand_are_in_the_page(book, press):
    student = STUDENTS[1]
    text = book.autograded(student, BASE).read_text(encoding="utf-8")
    page = press.page(text, book.grades(BASE)[student])
    assert "See <em>chapter 2</em>" in page
    assert f"{BASE} (Score: 5.0 / 20.0)" in page


def test_a_press_and_what_it_needs_can_be_sent_to_a_worker(book, press):
    grades = book.grades(BASE)
    assert pickle.loads(pickle.dumps(grades)) == grades
    text = book.autograded(STUDENTS[0], BASE).read_text(encoding="utf-8")
    kept = copy.deepcopy(grades[STUDENTS[0]])
    again = Press(pickle.loads(pickle.dumps(book.config)))
    assert again.page(text, grades[STUDENTS[0]]) == press.page(text, grades[STUDENTS[0]])
    assert grades[STUDENTS[0]] == kept


def test_what_a_class_shares_is_made_once_and_memory_is_bounded(book, press):
    student = STUDENTS[0]
    text = book.autograded(student, BASE).read_text(encoding="utf-8")
    press.page(text, book.grades(BASE)[student])
    before = _memory(press)
    press.page(text.replace("penalty", "fine", 1), book.grades(BASE)[student])
    after = _memory(press)
    assert sum(a.misses - b.misses for a, b in zip(after, before, strict=True)) <= 1
    assert all(info.maxsize == KEPT for info in after)


def _memory(press):
    rendered = press._exporter.environment.filters["markdown2html"].render
    return press._exporter._colored.cache_info(), rendered.cache_info()


def test_a_page_is_made_again_when_the_gradebook_changed(tmp_path):
    made = toy_book(tmp_path, ada=RIGHT, ben={})
    pages = Feedback(made)
    for grades, digest in pages.outdated(["ada", "ben", "eve"], LESSON):
        pages.write(grades, digest, "page")
    pages.keep()
    assert not list(Feedback(made).outdated(["ada", "ben"], LESSON))
    with made.open() as opened:
        opened.find_comment("double", LESSON, LESSON, "ada").manual_comment = "Good."
        opened.db.commit()
    assert [g.student for g, _ in Feedback(made).outdated(["ada", "ben"], LESSON)] == ["ada"]
    pages.path("ben", LESSON).unlink()
    assert [g.student for g, _ in Feedback(made).outdated(["ben"], LESSON)] == ["ben"]


# ---- what students write ----

TEXTS = {
    "script": "<script>alert(1)</script>",
    "handler": "<img src=x onerror=alert(1)> <svg/onload=alert(1)>",
    "tag in a line": "a <b\nonmouseover=alert(1)>b</b> <!-- c --> <?x?> <![CDATA[x]]>",
    "block": "<div>\n\n**a**\n\n</div>\n\n<style>*{background:url(http://evil.test)}</style>",
    "link": "[a](javascript:alert(1)) [b](http://evil.test) [c](page.html) [d](<data:text/html,x>)",
    "entity": "[a](&#106;avascript:alert(1)) [b](javascript&colon;alert(1)) &lt;script&gt;",
    "case and tab": "[a](JaVa\tScRiPt:alert(1)) [b](vbscript:x) [c]( javascript:x)",
    "escape": "[a](javascript\\:alert(1)) \\<script> \\\\<script> \\[a](x)",
    "reference": "[a]: javascript:alert(1)\n\n[a] [a][] [b][a]",
    "reference in a list": "- > [a]:\n  > javascript:alert(1)\n\n[a]",
    "autolink": "<javascript:alert(1)> <http://evil.test> http://evil.test www.evil.test",
    "image": "![x](http://evil.test/a.png) ![y][z]\n\n[z]: http://evil.test/b.png",
    "attachment": "![x](attachment:x.png)",
    "link on an image": "[![x](http://evil.test/a.png)](javascript:alert(1))",
    "tex": "$\\href{javascript:alert(1)}{x} \\class{a}{x} \\cssId{a}{x} \\style{color:red}{x}$",
    "tex names": "$$\\require{html}\\def\\x{\\hr}\\let\\y\\href\\unicode{x41}\\bbox[red]{x}$$",
    "tex elsewhere": "\\\\(\\href{javascript:alert(1)}{x}\\\\) \\begin{a}\\href{b}{c}\\end{a}",
    "tex hidden": "&#36;\\&#104;ref{javascript:alert(1)}{x}&#36; &dollar;&bsol;href{x}{y}$",
    "tag in tex": "$a<img src=x onerror=alert(1)>b$ $$<script>alert(1)</script>$$",
    "fence": "```mermaid\nclick A href javascript:alert(1)\n```\n~~~ html\n<script>x</script>\n~~~",
    "quoted fence": '> ```"><script>alert(1)</script>\n> x\n> ```',
    "code": "`<script>alert(1)</script>` ``[a](javascript:x)``\n\n    <script>x</script>",
    "table": "|a|<b>|\n|-|:-:|\n|[x](javascript:y)|<img src=z>|",
    "controls": "<\x00script>x</script> <\x0cscript> \x1b]8;;http://evil.test\x07",
    "carriage return": "a\r```mermaid\rb\r```\r[a]:\rjavascript:x\r<script>",
    "title": '[a](http://evil.test "\\" onclick=alert(1)") [b](#"onclick=x)',
    "wide": "＜script＞alert(1)＜/script＞ <ſcript>",
}
TAGS = {"p", "h1", "h2", "h3", "em", "strong", "del", "code", "pre", "ul", "ol", "li", "blockquote"}
TAGS |= {"hr", "br", "span", "div", "table", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd"}
MATH = "math mrow mi mo mn mtext mspace msup msub msubsup mfrac msqrt mroot mover munder"
TAGS |= set((MATH + " munderover mtable mtr mtd mstyle mpadded mphantom merror").split())
ATTRIBUTES = {("code", "class"), ("pre", "class"), ("div", "class"), ("span", "class")} | {
    ("td", "style"),
    ("th", "style"),
    ("ol", "start"),
}
LOOKS = "accent class depth display displaystyle form height linethickness lspace mathvariant"
LOOKS += " maxsize minsize movablelimits rspace scriptlevel stretchy style symmetric width"
ATTRIBUTES |= {(tag, name) for tag in TAGS if tag.startswith("m") for name in LOOKS.split()}


def shown(source):
    """Return Markdown as nbconvert turns it into HTML, with the course's settings."""
    renderer = Renderer(escape=False, exclude_anchor_links=True)
    return MarkdownWithMath(renderer=renderer).render(source)


class Tags(HTMLParser):
    """Collects tags and attributes."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text = set(), set(), ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}

    def handle_comment(self, data):
        self.tags.add("!--")

    handle_decl = handle_pi = unknown_decl = handle_comment

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_in_a_written_answer_is_a_tag_a_link_or_an_image(name):
    source = harmless(TEXTS[name])
    found = Tags(shown(source))
    assert found.tags <= TAGS
    assert found.attributes <= ATTRIBUTES
    assert not any(word in found.text for word in ("\\href", "\\class", "\\require", "\\let"))
    assert "javascript:" not in source.lower()
    assert harmless(source) == source


def test_no_mixture_of_markup_gets_through():
    pieces = [p for text in TEXTS.values() for p in (text[:7], text[-9:], text[4:20])]
    pieces += ["](", "]:", "<", "&", "#", "\\", "!", "[a]", "\n", "> ", "```", "$", "https:", "//"]
    draw = random.Random(5)
    for _ in range(2000):
        found = Tags(shown(harmless("".join(draw.choices(pieces, k=6)))))
        assert found.tags <= TAGS
        assert found.attributes <= ATTRIBUTES


def test_a_written_answer_can_still_be_read():
    honest = (
        "# Why\n\nIf $\\lambda\\,\\|w\\|_1 < t$ then *each* weight, e.g. `w[0] = x / 2`:\n\n"
        "$$\\begin{aligned} a &= b \\\\ \\left( c \\right] &\\leq d \\end{aligned}$$\n\n"
        "1. **first** & second\n2. 3 > 2\n\n```python\nif a < b: pass\n```\n\n"
        "| a | b |\n|---|---|\n\n````\n```\n````"
    )
    assert harmless(honest) == honest
    told = Tags(shown(harmless("see [Ng](https://a.b/c?d=1&e=2), $a<b$"))).text
    assert told.strip() == "see [Ng] (https: //a.b/c?d=1&e=2), a<b"


def test_an_answer_without_end_is_cut():
    text = harmless("\\\\[" * 100_000)
    assert len(text) < MAX_WRITTEN + 100
    assert text.endswith("(280000 more characters)")


def test_only_the_answer_differs_between_a_page_and_a_page_under_attack(tmp_path):
    """What a student can write into a file, all of it at once: no tag more than without."""
    made = toy_book(tmp_path, ada={"why": "Plain."} | RIGHT)
    press, grades = Press(made.config), made.grades(LESSON)["ada"]
    notebook = answered(**RIGHT, why=" ".join(TEXTS.values()))
    notebook.metadata |= {"title": WORST, "kernelspec": {"name": WORST, "display_name": WORST}}
    notebook.metadata |= {"language_info": {"name": WORST, "pygments_lexer": WORST}}
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"a": WORST}}
    for cell in notebook.cells:
        cell.metadata |= {"tags": [WORST], "name": WORST, "magics_language": WORST, "alt": WORST}
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": WORST})]
    cell_of(notebook, "why")["attachments"] = {"x.png": {"image/svg+xml": "PHN2Zz4="}}
    cell_of(notebook, "double").source += f"\n# {WORST}\n%%html\n</pre><script>x</script>"
    data = file_of(notebook).replace(b'"id": "90-005"', b'"id": "\\" onclick=\\"alert(1)"')
    attacked = marked(data, release(), message=WORST + "</pre><script>")
    page = press.page(nbformat.writes(attacked), grades)
    calm = press.page(made.autograded("ada", LESSON).read_text(encoding="utf-8"), grades)
    plain, worse = Tags(calm), Tags(page)
    assert worse.tags - plain.tags <= TAGS
    assert worse.attributes - plain.attributes <= ATTRIBUTES | {("span", "style")}
    assert page.count("<script") == calm.count("<script") == 0
    assert "\\href" in worse.text  # as it was written


def test_code_without_end_is_cut_in_the_notebook_that_is_shown():
    notebook = answered(half="x = 1\n" * 10_000)
    shown = cell_of(marked(file_of(notebook), release()), "half").source
    assert len(shown) < 11_000
    assert shown.endswith("more characters are in the submitted file")


@pytest.mark.parametrize("source", ["a." * 40_000, "x = '<b>' + f(1)\n" * 5_000])
def test_code_that_takes_long_to_color_is_shown_plain(press, source):
    page = press._exporter._colored(source, "ipython3", None)
    assert BeautifulSoup(page, features="html.parser").get_text().strip() == source.strip()
    assert "<span" not in page


def test_blank_lines_without_end_do_not_keep_the_page_waiting():
    """Pygments needs minutes for them, in formgrader too."""
    for blank in (" \n", "\n ", "\r", "\t\r\n"):
        notebook = answered(half=f"x = 1{blank * 5_000}\ny = 2")
        shown = cell_of(marked(file_of(notebook), release()), "half").source
        assert shown.startswith("x = 1")
        assert shown.rstrip().endswith("y = 2")
        assert len(shown.split("\n")) < 10
