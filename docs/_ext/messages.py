"""A role for what the plugin says: a message that it shows, or the name of a line in its log.

``:message:`Several groups are “…”``` quotes it word for word; ``…`` stands for what differs each time. A test looks
for each of them in the source. For labels of pages there is Sphinx's own role ``guilabel``.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole


class Message(SphinxRole):
    """``:message:`...```"""

    def run(self) -> tuple[list[nodes.Node], list[Any]]:
        """The text, emphasised."""
        return [nodes.emphasis(self.rawtext, self.text, classes=["message"])], []


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the role known."""
    app.add_role("message", Message())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
