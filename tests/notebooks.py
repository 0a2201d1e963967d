"""Executes a notebook and converts it to HTML, as a program of its own: Jupyter's warnings are not ours.

``python tests/notebooks.py NOTEBOOK.ipynb EXECUTED.ipynb PAGE.html``
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    import nbformat
    from nbclient import NotebookClient
    from nbconvert import HTMLExporter

    source, executed, page = map(Path, sys.argv[1:])
    notebook = nbformat.read(source, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    nbformat.validate(notebook)
    nbformat.write(notebook, executed)
    page.write_text(HTMLExporter().from_notebook_node(notebook)[0], encoding="utf-8")
