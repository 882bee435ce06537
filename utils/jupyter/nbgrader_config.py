"""nbgrader's settings in a student's JupyterLab: the Validate button waits for a slow cell."""

c = get_config()  # noqa: F821 (nbgrader hands it to this file)

c.Execute.timeout = 300  # seconds; the first run in a new environment is the slowest
