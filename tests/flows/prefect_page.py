"""Prefect's page as a person uses it: a form is filled in, a run watched and cancelled, by clicks in a real browser."""

import json
import time

from tests.browser import Tab

PATIENCE = 120.0  # seconds for what a page shows, on a busy machine
LOOKED_AT = 15.0  # seconds, until it is opened anew
KINDS = "button, a, [role=menuitem], [role=option], [role=tab]"
GREEN = """new Promise(told => {
    const image = new Image();
    image.onload = () => {
        const drawn = document.createElement('canvas').getContext('2d');
        [drawn.canvas.width, drawn.canvas.height] = [image.width, image.height];
        drawn.drawImage(image, 0, 0);
        const bytes = drawn.getImageData(0, 0, image.width, image.height).data;
        let green = 0;
        for (let i = 0; i < bytes.length; i += 4)
            green += bytes[i + 1] - bytes[i] > 60 && bytes[i + 1] - bytes[i + 2] > 30;
        told(green);
    };
    image.src = 'data:image/png;base64,' + PICTURE;
})"""


def press(tab: Tab, text: str, where: str = KINDS) -> None:
    """Click what has this text, once it is there."""
    _click(
        tab, f"[...document.querySelectorAll({json.dumps(where)})].find(e => e.innerText.trim() == {json.dumps(text)})"
    )


def run_from_form(tab: Tab, page: str, version: str) -> str:
    """Fill in a deployment's form, a version and `force`, and submit it; the run's id, with its page open."""
    tab.open(page)
    press(tab, "Run")
    press(tab, "Custom run")
    press(tab, "Select")
    press(tab, version)
    for kind in ("keyDown", "keyUp"):
        tab.call("Input.dispatchKeyEvent", type=kind, key="Escape", code="Escape", windowsVirtualKeyCode=27)
    label = "(e => { while (e && !e.innerText.trim()) e = e.parentElement; return e?.innerText.trim() ?? '' })"
    force = f"[...document.querySelectorAll('[role=switch]')].find(e => {label}(e).startsWith('force'))"
    _click(tab, force)
    tab.until(f"({force})?.ariaChecked == 'true'", PATIENCE)
    press(tab, "Submit")
    press(tab, "View run")
    return str(tab.until("location.pathname.match(/flow-run\\/([0-9a-f-]{36})/)?.[1]", PATIENCE))


def shows_graph(tab: Tab) -> None:
    """Wait until a finished task's bar is drawn. The graph is pixels: names and edges are what the page was told.

    The page is opened anew: one that was there before the run's first task goes on saying that there is none.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        tab.open(tab.js("location.href"))
        tab.until("document.querySelector('canvas')?.width > 300", PATIENCE)
        until = time.monotonic() + LOOKED_AT
        while time.monotonic() < until:
            if _green(tab) > 50:
                return
        assert time.monotonic() < deadline, "no finished task is drawn"


def cancel(tab: Tab) -> None:
    """Cancel the run whose page is open, by its menu."""
    press(tab, "Open menu", "button")
    press(tab, "Cancel", "[role=menuitem]")
    press(tab, "Cancel Flow Run", "[role=dialog] button, [role=alertdialog] button")


def shows(tab: Tab, *texts: str) -> None:
    """Wait until all of the texts stand in the page."""
    tab.until(f"{json.dumps(texts)}.every(one => document.body?.innerText.includes(one))", PATIENCE)


def _click(tab: Tab, element: str) -> None:
    """A real click on what a script finds, once it is there."""
    mark = f"(e => e && !e.dataset.press ? (e.dataset.press = 1) : false)({element})"
    tab.js("document.querySelectorAll('[data-press]').forEach(e => delete e.dataset.press)")
    tab.until(mark, PATIENCE)
    tab.click("[data-press]")


def _green(tab: Tab) -> int:
    """How many pixels of the graph are green."""
    place = "(r => [r.x, r.y, r.width, r.height])(document.querySelector('canvas').getBoundingClientRect())"
    clip = dict(zip(("x", "y", "width", "height"), tab.js(place), strict=True)) | {"scale": 1}
    picture = tab.call("Page.captureScreenshot", clip=clip)["data"]
    return int(tab.js(GREEN.replace("PICTURE", json.dumps(picture))))
