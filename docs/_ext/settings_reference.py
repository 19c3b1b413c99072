"""A directive that lists the settings of ``defaults.py`` from the annotations above them: nothing is said twice."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from credentials_accredible import defaults

_ANNOTATED = re.compile(
    r"    # \.\. setting_name: CREDENTIALS_ACCREDIBLE\['(?P<name>\w+)'\]\n"
    r"    # \.\. setting_default: (?P<default>.+)\n"
    r"    # \.\. setting_description: (?P<description>.+(?:\n    #    .+)*)\n"
    r'    "(?P=name)": '
)


class SettingsReference(SphinxDirective):
    """``.. settings-reference::``"""

    def run(self) -> list[nodes.Node]:
        """An entry for each setting; an error where one is not annotated, or its default is another."""
        source = Path(defaults.__file__)
        self.env.note_dependency(str(source))
        found = {match["name"]: match for match in _ANNOTATED.finditer(source.read_text(encoding="utf-8"))}
        lines: list[str] = []
        for name, default in defaults.DEFAULTS.items():
            if name not in found or not _same(ast.literal_eval(found[name]["default"]), default):
                raise self.error(f"{source}: {name} is not annotated, or its annotation has another default.")
            description = " ".join(re.sub(r"\n\s*#", " ", found[name]["description"]).split())
            lines += [f".. confval:: {name}", f"   :default: ``{found[name]['default']}``", "", f"   {description}", ""]
        return self.parse_text_to_nodes("\n".join(lines))


def _same(annotated: object, default: object) -> bool:
    return annotated == (list(default) if isinstance(default, tuple) else default)


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the directive known."""
    app.add_directive("settings-reference", SettingsReference)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
