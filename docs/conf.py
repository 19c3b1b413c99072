"""How Sphinx builds the documentation."""

import os
import sys
from pathlib import Path

import django

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_ext")]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demo.settings")
django.setup()

import credentials_accredible  # noqa: E402

project = "credentials-accredible"
author = "The credentials-accredible contributors"
copyright = author
release = version = credentials_accredible.__version__

extensions = ["matplotlib.sphinxext.plot_directive", "sphinx.ext.autodoc", "messages", "settings_reference"]
exclude_patterns = ["_build"]
nitpicky = True
# Types in signatures: most belong to others, and no inventory is fetched, so that the build needs no network.
nitpick_ignore_regex = [("py:.*", ".*")]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"

plot_formats = ["svg"]
plot_working_directory = str(HERE.parent)
plot_html_show_formats = plot_html_show_source_link = False

html_theme = "furo"
html_title = f"{project} {release}"
