"""Looks at the built book in a browser.

Run: python3 docs/browser.py [--shots FOLDER]

Builds both languages (build.py) and opens every page in Chromium, from the
disk, at four widths and as it is printed:

- the columns of a twin stand side by side where there is room for them and on
  paper, and each row is at the same height in both; else one above the other;
- nothing is wider than its place, code included; a drawing scrolls, and on a
  telephone all code does;
- axe finds nothing serious on it, in the light theme and in the dark one;
- every picture is shown, every link leads to a page or file that exists and to
  a heading of it, and every page to the same page in the other language;
- no request leaves the machine.

Prints what is wrong, with status 1; leaves pictures of the twins in FOLDER
(target/shots). It needs mdBook, Chromium, Playwright (python3 -m pip install
playwright; not the browser that it would download), and axe-core, from npm, in
target/book: .ci/book brings all of them.
"""

import argparse
import shutil
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from build import DOCS, build

try:
    from playwright.sync_api import sync_playwright
except ImportError:
    sys.exit("Error: Playwright is not here; docs/README.md says how to get it")

VIEWS = {"1600": 1600, "1024": 1024, "600": 600, "390": 390}
VIEWS["print"] = 718  # A4, 1 cm off.
BESIDE = {"1600", "1024", "print"}  # Where two columns are to be seen.
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# In the page: what is wider than its place, and pictures that are not shown.
WIDE = """() => {
    const wrong = [], root = document.scrollingElement;
    if (root.scrollWidth > root.clientWidth)
        wrong.push(`the page is ${root.scrollWidth} wide`);
    const table = innerWidth > 700 ? ", .table-wrapper" : ""; // Or scrolls.
    const parts = `main :is(pre, pre > code, img${table})`;
    for (const e of document.querySelectorAll(parts)) {
        const place = e.closest("td, th, main").getBoundingClientRect();
        // A drawing scrolls, and on a phone all code does.
        const code = e.querySelector("code") || e;
        const may = code.matches(".language-text") || innerWidth < 500;
        const scrolls = may && getComputedStyle(code).overflowX == "auto";
        if (e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 && !scrolls
            || e.getBoundingClientRect().right > place.right + 1)
            wrong.push("too wide: " + (e.innerText || e.alt).slice(0, 60));
        if (e.tagName == "IMG" && !e.naturalWidth)
            wrong.push("not shown: " + e.alt);
    }
    return wrong;
}"""

# The rows of twins: for both columns left, right, top, bottom, the first
# line's top; in pixels.
ROWS = """() => [...document.querySelectorAll("table.twin tr")]
    .filter(row => row.cells.length == 2)
    .map(row => [...row.cells].map(cell => {
        const box = cell.getBoundingClientRect(), text = document.createRange();
        text.selectNodeContents(cell.querySelector("code, a"));
        const line = text.getClientRects()[0];
        return [box.left, box.right, box.top, box.bottom, line.top];
    }))"""

# What axe calls serious: the rule, and how often.
AXE = DOCS.parent / "target/book/node_modules/axe-core/axe.min.js"
SERIOUS = """async () => {
    const found = await axe.run(document, {resultTypes: ["violations"]});
    return found.violations
        .filter(rule => ["serious", "critical"].includes(rule.impact))
        .map(rule => `${rule.id}, ${rule.nodes.length} times: ` +
            rule.nodes[0].html.slice(0, 80));
}"""

LINKS = """() => [...document.querySelectorAll("main a, .nav-wrapper a")]
    .map(a => a.href)"""


def rows(page, beside):
    """What is wrong with the rows of the page's twins."""
    for number, (python, rust) in enumerate(page.evaluate(ROWS)):
        apart = max(abs(a - b) for a, b in zip(python[2:], rust[2:]))
        if beside and (python[1] > rust[0] or apart > 1):
            yield f"row {number} is not aligned: {python} {rust}"
        if not beside and python[3] > rust[2] + 1:
            yield f"row {number} is not stacked: {python} {rust}"


def links(page, name, other):
    """What is wrong with its links; `other` is the other language."""
    there = page.evaluate(LINKS)
    if (DOCS / f"site/{other}/{name}").as_uri() not in there:
        yield f"no link to {other}/{name}"
    for link in there:
        parts = urlsplit(link)
        if parts.scheme != "file":
            continue
        file = Path(unquote(parts.path))
        heading = f'id="{unquote(parts.fragment)}"'
        if not file.exists():
            yield f"there is no {link}"
        elif file.suffix != ".html" or not parts.fragment:
            continue
        elif heading not in file.read_text("utf-8"):
            yield f"there is no heading {link}"


def look(browser, language, other, shots, wrong):
    """Looks at every page of a language; gives how many rows it saw."""
    page, file, seen = browser.new_page(), None, 0
    page.set_default_timeout(300_000)  # A busy machine is no mistake.

    def tell(what, view=""):
        wrong.append(f"{language}/{file.name} {view}: {what}")

    def request(asked):
        if not asked.url.startswith(("file:", "data:")):
            tell(f"asks for {asked.url}")

    page.on("request", request)
    page.on("pageerror", lambda error: tell(f"an error: {error}"))
    for file in sorted((DOCS / "site" / language).glob("*.html")):
        if file.name in ("404.html", "index.html", "toc.html"):
            continue
        page.emulate_media(media="screen")
        page.set_viewport_size({"width": VIEWS["1600"], "height": 1000})
        page.goto(file.as_uri())
        if file.name != "print.html":
            for what in links(page, file.name, other):
                tell(what)
        twins = page.locator("table.twin").count()
        seen += len(page.evaluate(ROWS))
        for view, width in VIEWS.items():
            if file.name == "print.html" and view != "print":
                continue  # The whole book, which is there to be printed.
            page.set_viewport_size({"width": width, "height": 1000})
            page.emulate_media(media="print" if view == "print" else "screen")
            if view == "1024" or file.name == "print.html":
                page.reload()  # So narrow, the index is closed at first.
            for what in page.evaluate(WIDE):
                tell(what, view)
            for what in rows(page, view in BESIDE):
                tell(what, view)
            if view == "1600":
                for scheme in "light", "dark":
                    page.emulate_media(media="screen", color_scheme=scheme)
                    page.reload()
                    page.add_script_tag(path=AXE)
                    for what in page.evaluate(SERIOUS):
                        tell(f"axe: {what}", scheme)
            if twins and file.name != "print.html":
                shot = shots / f"{language}-{file.stem}-{view}.png"
                part = {"x": 0, "y": 0, "width": width, "height": 5000}
                page.screenshot(path=shot, full_page=True, clip=part)
    page.close()
    return seen


def main():
    args = argparse.ArgumentParser()
    args.add_argument(
        "--shots", default=DOCS.parent / "target/shots", type=Path
    )
    shots = args.parse_args().shots
    if not AXE.exists():
        sys.exit("Error: axe-core is not here; .ci/book installs it")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        sys.exit("Error: Chromium is not here; .ci/book installs it")
    shots.mkdir(parents=True, exist_ok=True)
    build()
    wrong = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=CHROMIUM
        )
        english = look(browser, "en", "es", shots, wrong)
        spanish = look(browser, "es", "en", shots, wrong)
        browser.close()
    if english != spanish or english < 50:
        wrong.append(
            f"rows of twins: {english} in English, {spanish} in Spanish"
        )
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"the book is well: {english} rows of twins in either language")


if __name__ == "__main__":
    main()
