"""nbgrader's gradebook as one transaction: a submission is written whole or not at all.

nbgrader's own steps open a gradebook each and commit after every cell. `Ledger` is handed to them
instead: they write what they always write, and one commit at the end makes it last.
"""

import contextlib
import json
import logging

from nbgrader.api import BaseCell, Comment, Grade, Gradebook
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    LimitOutput,
    SaveAutoGrades,
    latesubmissions,
    saveautogrades,
)
from sqlalchemy import Index, MetaData
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

LOCKED_SECONDS = 15
log = logging.getLogger("course.grade")


class CheckOnce(CheckCellMetadata):
    """nbgrader's check of the settings in cells, once for a class: it has the release's."""

    def __init__(self, **words):
        super().__init__(**words)
        self._passed = ""

    def preprocess(self, nb, resources):
        """Return the notebook, or raise what nbgrader raises."""
        settings = json.dumps([cell.metadata.get("nbgrader") for cell in nb.cells if cell.metadata])
        if settings != self._passed:
            super().preprocess(nb, resources)
            self._passed = settings
        return nb, resources


class OneCommit(Session):
    """A session in which a commit waits for the end of the transaction.

    What was written is sent as soon as a question to the database could depend on it.
    """

    def commit(self):
        """Wait."""


STEPS = (LimitOutput, SaveAutoGrades, AssignLatePenalties, CheckOnce)


class ClosingGradebook(Gradebook):
    """nbgrader's gradebook, which leaves nothing open where the database does not answer."""

    def __init__(self, url):
        try:
            super().__init__(url)
        except DBAPIError:
            self.engine.dispose()
            raise


class Ledger(ClosingGradebook):
    """nbgrader's gradebook, which its steps can share.

    Parameters
    ----------
    url : str
        The database.
    """

    def __init__(self, url):
        url = make_url(url)
        if url.get_backend_name() == "sqlite":
            url = url.update_query_dict({"timeout": str(LOCKED_SECONDS)})
        super().__init__(url.render_as_string(hide_password=False))
        self._entries = {}
        with self.engine.begin() as connection:
            for table in (Grade, Comment):
                _index(table).create(connection, checkfirst=True)
        super().close()

    def close(self):
        """Stay open: a step closes what it thinks it opened."""

    @contextlib.contextmanager
    def transaction(self):
        """Open one transaction, in a `with` statement: it is kept whole, or not at all.

        A commit inside it waits for the end. The connection ends with the transaction, so that
        none can grow stale between two submissions.
        """
        try:
            with self.engine.begin() as connection:
                mode = {"class_": OneCommit, "join_transaction_mode": "rollback_only"}
                self.db = scoped_session(sessionmaker(bind=connection, **mode))
                yield self
                self.db.flush()
        finally:
            self.db.remove()
            self._entries.clear()
            self.engine.dispose()

    def find_grade(self, grade_cell, notebook, assignment, student):
        """Find a mark; those of a submission are read at once."""
        found = self._of(Grade, notebook, assignment, student).get(grade_cell)
        return found or super().find_grade(grade_cell, notebook, assignment, student)

    def find_comment(self, solution_cell, notebook, assignment, student):
        """Find a comment; those of a submission are read at once."""
        found = self._of(Comment, notebook, assignment, student).get(solution_cell)
        return found or super().find_comment(solution_cell, notebook, assignment, student)

    def _of(self, table, *names):
        if (table, *names) not in self._entries:
            notebook = self.find_submission_notebook(*names)
            query = self.db.query(BaseCell.name, table).join(BaseCell, table.cell_id == BaseCell.id)
            rows = query.filter(table.notebook_id == notebook.id)
            self._entries[table, *names] = {row[0]: row[1] for row in rows}
        return self._entries[table, *names]


def _index(table):
    """Return an index to the rows of a submission: without it, each search reads the whole class.

    nbgrader's tables have none; an index changes nothing that nbgrader reads or writes.
    """
    copied = table.__table__.to_metadata(MetaData())
    return Index(f"course_{copied.name}_of_notebook", copied.c.notebook_id)


@contextlib.contextmanager
def handed(ledger):
    """Let nbgrader's steps take this ledger where they would open a gradebook."""
    modules = (saveautogrades, latesubmissions)
    for module in modules:
        module.Gradebook = lambda url: ledger
    try:
        yield
    finally:
        for module in modules:
            module.Gradebook = Gradebook
