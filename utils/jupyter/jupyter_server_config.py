"""The settings of JupyterLab's own export to HTML: those of `jupyter nbconvert`."""

load_subconfig("jupyter_nbconvert_config.py")  # noqa: F821 (Jupyter hands it to this file)
