"""What is looked at on a page: whether everybody can use it, and whether it fits its window."""

from __future__ import annotations

import base64
import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from selenium.webdriver import Chrome
from selenium_axe_python import Axe

# What the plugin puts on a page stands in these, the last for learners. The rest is Django's or the host's.
OURS = ["#content", ".messagelist", ".accredible-own"]
# What Django's templates and widgets put there, as they do on every page of the admin.
DJANGOS = ["#changelist-search", ".select2-container"]
GRAVE = {"serious", "critical"}
# What depends on the theme.
OF_COLOURS = ["color-contrast", "link-in-text-block"]

STILL = """
const still = new CSSStyleSheet();
still.replaceSync("* {transition: none !important; animation: none !important; caret-color: transparent !important}");
document.adoptedStyleSheets = [still];
"""

SIDEWAYS = """
const parts = [...document.querySelectorAll("#content :not(textarea, input, select)")];
const shown = parts.filter(part => part.checkVisibility());
const holding = shown.filter(part => /auto|scroll|hidden/.test(getComputedStyle(part).overflowX));
// A small part is there for who listens, or cuts its text with an ellipsis.
const large = holding.filter(part => part.clientWidth > 50 && getComputedStyle(part).textOverflow !== "ellipsis");
return Math.max(...[document.documentElement, ...large].map(part => part.scrollWidth - part.clientWidth));
"""


@contextmanager
def window(page: Chrome, width: int, height: int = 900) -> Iterator[None]:
    """A window that is so many pixels wide: of a telephone below 500."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    yield
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@contextmanager
def dark(page: Chrome) -> Iterator[None]:
    """Somebody who prefers dark pages."""
    prefers = [{"name": "prefers-color-scheme", "value": "dark"}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": prefers})
    yield
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def violations(page: Chrome, *, rules: list[str] | None = None) -> list[str]:
    """What axe-core calls serious or critical in the open page, by rule and element; of ``rules`` alone, if given."""
    axe = Axe(page)
    # A colour is looked at when it has arrived.
    page.execute_script(STILL)
    if not page.execute_script("return Boolean(window.axe)"):
        axe.inject()
    options: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
    if rules:
        options["runOnly"] = rules
    present = "return arguments[0].filter(part => document.querySelector(part)).map(part => [part])"
    # What is wrong with these is their names. Their colours depend on what the page loads.
    without = [] if rules else DJANGOS
    parts = {name: page.execute_script(present, which) for name, which in (("include", OURS), ("exclude", without))}
    found = axe.run(json.dumps(parts), json.dumps(options))
    return [
        f"{found['id']}: {node['html'][:300]} ({node['failureSummary']})"
        for found in found["violations"]
        if found["impact"] in GRAVE
        for node in found["nodes"]
    ]


def hidden(page: Chrome) -> int:
    """How many pixels of the page, or of a part of it, are cut or have to be scrolled to."""
    return int(page.execute_script(SIDEWAYS))


def picture(page: Chrome, name: str, *, height: int = 900) -> None:
    """Keep what the page looks like for the documentation, in the directory ``SCREENSHOTS``, if there is one."""
    directory = os.environ.get("SCREENSHOTS")
    if not directory:
        return
    with window(page, 1280, height):
        page.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
        page.execute_script(STILL)
        shot = page.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"]
        used = page.execute_script("return document.querySelector('#content').getBoundingClientRect().bottom")
        page.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": False})
    whole = Image.open(io.BytesIO(base64.b64decode(shot))).convert("RGB")
    shown = whole.crop((0, 0, whole.width, min(whole.height, max(480, int(used)))))
    colours = shown.quantize(colors=128, dither=Image.Dither.NONE)
    colours.save(Path(directory) / f"{name}.png", optimize=True)
