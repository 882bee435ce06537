"""Tests of the forge's workflow, without a forge: its form, its commands and its versions."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from utils import commands

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / ".github" / "workflows" / "tests.yml"
TEXT = FILE.read_text(encoding="utf-8")
FLOW = yaml.load(TEXT, yaml.BaseLoader)  # `on` stays a word
JOBS = FLOW["jobs"]
SYSTEM = {"sudo", "{"}  # lines of the forge's own machine
PAGES = ("README.md", "docs/jupyterhub.md", "autograder/bundle.py")
PAGES += ("autograder/site/templates/index.md",)
COURSE = (ROOT / "course").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.mark.parametrize(
    "schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"]
)
def test_the_file_keeps_to_the_forges_schema(schema):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_runs_on_every_change_and_each_week():
    assert set(FLOW["on"]) == {"push", "pull_request", "schedule", "workflow_dispatch"}
    (schedule,) = FLOW["on"]["schedule"]
    minute, hour, day, month, weekday = schedule["cron"].split()
    assert (day, month) == ("*", "*")
    assert all(field.isdigit() for field in (minute, hour, weekday))
    assert "github.ref" in FLOW["concurrency"]["group"]


def test_it_may_read_and_only_the_site_may_publish():
    assert FLOW["permissions"] == {"contents": "read"}
    own = {name: job["permissions"] for name, job in JOBS.items() if "permissions" in job}
    assert own == {"site": {"contents": "read", "pages": "write", "id-token": "write"}}


def test_actions_are_pinned_to_a_commit_and_say_their_version():
    used = re.findall(r"uses: *(\S+) *(.*)", TEXT)
    assert used
    for action, comment in used:
        assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r"# v\d+\.\d+\.\d+", comment), action
    assert len({action.split("@")[0] for action, _ in used}) == len(set(used))


def rows_of(job):
    """Return the rows of a job's matrix that name all that its steps use, or an empty one."""
    return job.get("strategy", {}).get("matrix", {}).get("include", [{}])


def filled(line, row):
    """Return a line with a row of the matrix filled in."""
    return re.sub(r"\${{ matrix\.(\w+) }}", lambda name: row.get(name[1], name[0]), line)


def ran(job):
    """Return the commands of a job as lists of words, without what becomes of their output."""
    lines = [step["run"] for step in job["steps"] if "run" in step]
    every = [filled(line, row) for line in lines for row in rows_of(job)]
    return [shlex.split(re.split(r" 2>&1| \| ", line)[0]) for line in every]


RUN = [(name, words) for name, job in JOBS.items() for words in ran(job)]


@pytest.mark.parametrize(("job", "words"), RUN, ids=[f"{job}: {words}"[:70] for job, words in RUN])
def test_every_command_exists(job, words):
    program, *rest = words
    if program in SYSTEM:
        return
    assert program in ("./course", ".ci/run", "python")
    assert program == "python" or (ROOT / program).is_file()
    if program == "python":
        assert rest.pop(0) == "course"
    verb, *rest = ["test", *rest] if program == ".ci/run" else rest
    assert verb in commands.HELP
    _assert_words(verb, rest)


def _assert_words(verb, words):
    if verb == "lab":
        assert words == ["--version"]  # JupyterLab's own
        return
    files = [word for word in words if word.startswith("tests/")]
    assert all((ROOT / file).is_file() for file in files)
    if verb == "grade":
        assert (ROOT / "notebooks" / words[1]).is_dir()
    own = [sys.executable, str(ROOT / "utils" / "commands.py"), verb, "--help"]
    shown = subprocess.run(own, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    for option in (word for word in words if word.startswith("-")):
        assert re.search(rf"{option}\b", shown), option


def test_its_versions_are_those_of_the_project():
    lowest = PROJECT["requires-python"].removeprefix(">=")
    named = [c.split(" :: ")[-1] for c in PROJECT["classifiers"] if " :: Python :: " in c]
    assert named[0] == lowest
    ends = re.findall(r"^(?:OLDEST|NEWEST) = \((\d+), (\d+)\)", COURSE, re.MULTILINE)
    assert [".".join(end) for end in ends] == [named[0], named[-1]]
    assert JOBS["pinned"]["strategy"]["matrix"]["python"] == [named[0], named[-1]]
    for page in PAGES:  # what a reader is told to install
        assert f"{named[0]} to {named[-1]}" in (ROOT / page).read_text(encoding="utf-8"), page
    ends = {row["end"]: row["python"] for row in JOBS["ends"]["strategy"]["matrix"]["include"]}
    assert ends == {"oldest": lowest, "newest": "3.x"}
    assert {f"--{end}" for end in ends} == {"--oldest", "--newest"}
    for name in ("elsewhere", "site"):
        steps = JOBS[name]["steps"]
        assert [
            s["with"]["python-version"] for s in steps if "setup-python" in s.get("uses", "")
        ] == [named[-1]]
