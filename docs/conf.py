"""Settings of the documentation's site."""

import sys
from pathlib import Path

from rtd.common.version import VERSION

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "rtd"
author = "the rtd authors"
project_copyright = "the rtd authors"
release = version = VERSION

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "rtd_autodoc",
]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "_ext", "man"]
nitpicky = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
napoleon_google_docstring = True
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"rtd {release}"
html_theme_options = {"sidebar_hide_name": False, "top_of_page_buttons": []}
html_static_path = ["_static"]
html_css_files = ["rtd.css"]
html_show_sourcelink = False
html_copy_source = False

# The button copies the commands of a block without `$ `, and leaves out what they print.
copybutton_prompt_text = r"\$ |> ?"
copybutton_prompt_is_regexp = True
