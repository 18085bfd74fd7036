"""What axe-core finds in a page."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

#: The colours of the dark scheme are other ones; everything else is the same page. New colours need two frames.
_BOTH = (("light", {"resultTypes": ["violations"]}),
         ("dark", {"resultTypes": ["violations"], "runOnly": ["color-contrast"]}))
_AXE = """options => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
    .then(() => axe.run(options)).then(({violations}) => violations.map(({id, help, nodes}) =>
        `${id}: ${help} at ${nodes.slice(0, 3).map(node => node.target).join(", ")}`))"""


def sound(page: Page, what: str, dark: bool = True) -> None:
    """axe-core finds nothing in the page as it is, light and dark, and it does not scroll sideways."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    for scheme, options in _BOTH if dark else _BOTH[:1]:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        told = page.evaluate(_AXE, options)
        assert told == [], f"{what}, {scheme}: {told}"
    page.emulate_media(color_scheme="light")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{what} scrolls sideways"
