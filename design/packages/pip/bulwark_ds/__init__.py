"""Makes a Jinja2 environment that renders the components exactly as every other engine does."""

from pathlib import Path

import jinja2
from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
_ENTITIES = str.maketrans({"&": "&amp;", '"': "&quot;", "'": "&#39;", "<": "&lt;", ">": "&gt;"})


def _escape(value):
    if value is None:
        return ""
    if hasattr(value, "__html__") or isinstance(value, jinja2.Undefined):
        return value
    return Markup(str(value).translate(_ENTITIES))


def environment(*paths, root=TEMPLATES, **options):
    """An environment over the components and, before them, the folders in `paths`."""
    loader = jinja2.FileSystemLoader([*map(str, paths), str(root)])
    return jinja2.Environment(loader=loader, autoescape=True, finalize=_escape, **options)
