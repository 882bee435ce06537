"""nbgrader's settings in a student's JupyterLab: for the Validate button."""

c = get_config()  # noqa: F821 (nbgrader hands it to this file)

c.Execute.timeout = 300  # seconds; the first run in a new environment is the slowest
c.Validator.width = 100  # a line of a check's message and its indent; longer lines are cut
