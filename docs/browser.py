"""Looks at the built book in a browser.

Run: python3 docs/browser.py [--shots FOLDER]

Builds both languages (build.py) and opens every page in Chromium, from the
disk, at four widths and as it is printed:

- the columns of a twin stand side by side where there is room for them and on
  paper, and each row is at the same height in both; else one above the other;
- nothing is wider than its place, code and tables included; a drawing scrolls, and
  on a telephone all code does, in letters of 11 pixels at least;
- a command looks otherwise than what was printed; it has a button to copy it, and
  is one terminal's;
- the first Tab reaches a link to the text, and Tab reaches whatever scrolls;
- on paper all is black on white, and what was folded is there;
- axe finds nothing serious on it, in the light theme and in the dark one;
- no word of a picture is cut off or stands over another;
- every picture is shown, every link leads to a page or file that exists and to
  a heading of it, and every page to the same page in the other language;
- no request leaves the machine;
- in the chat's lab one types, loses an arrow, opens a frame and brings the same
  run again; and 200 runs are the same as without a browser;
- in the header's lab one types, chooses a byte and flips a bit of it.

Prints what is wrong, with status 1; leaves pictures of the twins and of the lab
in FOLDER, if one is given. It needs mdBook, Chromium, Playwright (python3 -m pip install
playwright; not the browser that it would download), and axe-core, from npm, in
target/book: .ci/book brings all of them.
"""

import argparse
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urlsplit

from build import DOCS, build

try:
    from playwright.sync_api import sync_playwright
except ImportError:
    sys.exit("Error: Playwright is not here; docs/README.md says how to get it")

VIEWS = {"1440": 1440, "1024": 1024, "600": 600, "390": 390}
VIEWS["print"] = 718  # A4, 1 cm off.
# Where two columns are to be seen: of programs, and of modules, which are wider.
BESIDE = {"program": {"1440", "1024", "print"}, "module": {"1440", "print"}}
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
    const parts = "main :is(pre, pre > code, img, .table-wrapper)";
    for (const e of document.querySelectorAll(parts)) {
        const place = e.closest("td, th, main").getBoundingClientRect();
        // A drawing scrolls, and on a phone all code does.
        const code = e.querySelector("code") || e;
        const drawn = code.matches(".language-text, .language-drawing");
        const may = drawn || innerWidth < 500 && !e.matches(".table-wrapper");
        const scrolls = may && getComputedStyle(code).overflowX == "auto";
        if (e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 && !scrolls
            || e.getBoundingClientRect().right > place.right + 1)
            wrong.push("too wide: " + (e.innerText || e.alt).slice(0, 60));
        if (e.tagName == "IMG" && !e.naturalWidth)
            wrong.push("not shown: " + e.alt);
    }
    // The bytes of a lab's frame are short enough for their columns.
    const cells = "main tr:has(> :nth-child(3)) td:not(.lab td)";
    for (const cell of document.querySelectorAll(cells))
        if (innerWidth <= 600 && cell.clientWidth < innerWidth / 2
            && cell.innerText)
            wrong.push("no card: " + cell.innerText.slice(0, 60));
    return wrong;
}"""

# The rows of twins: whether it is a program's or a module's; for both columns left,
# right, top, bottom, the first line's top; in pixels.
ROWS = """() => [...document.querySelectorAll(".twin")].flatMap(twin => {
    const all = [...twin.querySelectorAll(":scope > pre")].map(pre => {
        const box = pre.getBoundingClientRect(), text = document.createRange();
        text.selectNodeContents(pre.querySelector("code"));
        const line = text.getClientRects()[0];
        return [box.left, box.right, box.top, box.bottom, line.top];
    });
    const kind = twin.matches(".functions") ? "module" : "program";
    return all.flatMap((box, i) => i % 2 ? [[kind, all[i - 1], box]] : []);
})"""

# What is wrong with the blocks of code on a screen.
BLOCKS = """() => {
    const wrong = [], look = (e, what) => getComputedStyle(e)[what];
    const edge = pre => look(pre, "borderInlineStartWidth");
    for (const code of document.querySelectorAll("main pre > code")) {
        const pre = code.parentElement, start = code.innerText.slice(0, 60);
        const size = parseFloat(look(code, "fontSize"));
        if (size < 11) wrong.push(`letters of ${size} pixels: ${start}`);
        const command = code.matches(".language-console");
        const printed = code.matches(".language-text, .language-drawing");
        if (command != (edge(pre) == "5px")) wrong.push("its edge: " + start);
        const buttons = [...pre.querySelectorAll("button.clip-button")]
            .filter(button => button.getClientRects().length);
        if (!document.querySelector("#mdbook-content h1 ~ h1") && (
            command && buttons.length != 1 || printed && buttons.length))
            wrong.push(`${buttons.length} buttons: ${start}`);
        if (printed && look(code, "borderTopWidth") == "0px")
            wrong.push("no frame: " + start);
    }
    const scrolls = "main :is(pre > code, .table-wrapper, pre)";
    for (const e of document.querySelectorAll(scrolls)) {
        const moves = ["auto", "scroll"].includes(look(e, "overflowX"));
        if (innerWidth > 500 && moves && e.scrollWidth > e.clientWidth + 1
            && e.tabIndex < 0)
            wrong.push("no Tab reaches: " + e.innerText.slice(0, 60));
    }
    return wrong;
}"""

# What is wrong with the page on paper: what is folded is not there, or
# something is not dark on white.
PAPER = """() => {
    const wrong = [];
    const answers = "main details:not(.lab details) > :not(summary)";
    for (const e of document.querySelectorAll(answers))
        if (!e.getClientRects().length || !e.checkVisibility())
            wrong.push("folded away: " + e.textContent.slice(0, 60));
    const light = colour => colour.match(/[0-9.]+/g).slice(0, 3)
        .reduce((sum, part) => sum + Number(part), 0);
    const white = getComputedStyle(document.querySelector("main"));
    if (light(white.backgroundColor) < 3 * 240
        && white.backgroundColor != "rgba(0, 0, 0, 0)")
        wrong.push("the paper is " + white.backgroundColor);
    const words = "main :is(h1, h2, h3, p, li, td, th, code, code span)";
    for (const e of document.querySelectorAll(words)) {
        if (!e.checkVisibility()) continue; // A lab is not on paper.
        const colour = getComputedStyle(e).color;
        if (light(colour) > 3 * 150) {
            wrong.push(`too bright on paper: ${e.textContent.slice(0, 60)}`);
            break;
        }
    }
    return wrong;
}"""

# A command that goes on until it is ended.
WAITS = r"--bin server|server\.py|noisy_link|-- server|two_addresses"

# What axe calls serious: the rule, and how often. Only the colours change with
# the theme.
AXE = DOCS.parent / "target/book/node_modules/axe-core/axe.min.js"
COLOURS = {"runOnly": ["color-contrast"]}
SERIOUS = """async only => {
    const asked = {resultTypes: ["violations"], ...only};
    const found = await axe.run(document, asked);
    return found.violations
        .filter(rule => ["serious", "critical"].includes(rule.impact))
        .map(rule => `${rule.id}, ${rule.nodes.length} times: ` +
            rule.nodes[0].html.slice(0, 80));
}"""

LINKS = """() => [...document.querySelectorAll("main a, .nav-wrapper a")]
    .map(a => a.href)"""


def rows(page, view):
    """What is wrong with the rows of the page's twins."""
    for number, (kind, python, rust) in enumerate(page.evaluate(ROWS)):
        beside = view in BESIDE[kind]
        apart = max(abs(a - b) for a, b in zip(python[2:], rust[2:]))
        if beside and (python[1] > rust[0] or apart > 1):
            yield f"row {number} is not aligned: {python} {rust}"
        if not beside and python[3] > rust[2] + 1:
            yield f"row {number} is not stacked: {python} {rust}"


def skips(page):
    """What is wrong with the link over all that stands before the text."""
    page.keyboard.press("Tab")
    skip = page.locator(".skip:focus")
    if not skip.count():
        yield "the first Tab reaches no link to the text"
    elif skip.bounding_box()["x"] < 0:
        yield "the link to the text is not seen"
    else:
        page.keyboard.press("Enter")
        if page.evaluate("document.activeElement.tagName") != "MAIN":
            yield "the link to the text does not lead there"


def one_terminal(language):
    """Which blocks have commands for two terminals: one that does not end by
    itself, and another one after it."""
    waits = re.compile(WAITS)
    for file in sorted((DOCS / "site" / language).glob("*.html")):
        blocks = re.findall(
            '<code class="language-console">(.*?)</code>',
            file.read_text("utf-8"),
            re.S,
        )
        for block in blocks:
            lines = block.replace("\\\n", "").strip().split("\n")
            for line in lines[:-1]:
                if waits.search(line) and not line.rstrip().endswith("&amp;"):
                    yield f"{language}/{file.name}: two terminals: {line}"


def front(browser, wrong):
    """Looks at the page that stands before both languages."""
    page = browser.new_page()
    file = DOCS / "site/index.html"
    for scheme in "light", "dark":
        page.emulate_media(color_scheme=scheme)
        for width in 390, 1440:
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(file.as_uri())
            page.add_script_tag(path=AXE)
            found = page.evaluate(WIDE) + page.evaluate(SERIOUS)
            wrong += [f"index.html {scheme} {width}: {what}" for what in found]
    if not page.title() or page.locator("html[lang]").count() != 1:
        wrong.append("index.html has no title or no language")
    shown = "() => [...document.images].filter(e => e.naturalWidth).length"
    if page.evaluate(shown) != 2:
        wrong.append("index.html does not show its pictures")
    page.close()


# What is wrong with the words of a picture: cut off, or one over another.
PICTURE = """() => {
    const wrong = [], svg = document.documentElement.getBoundingClientRect();
    const texts = [...document.querySelectorAll("text")];
    const boxes = texts.map(text => text.getBoundingClientRect());
    boxes.forEach((a, i) => {
        const words = texts[i].textContent;
        if (a.left < 0 || a.right > svg.width || a.bottom > svg.height)
            wrong.push("cut off: " + words);
        boxes.slice(i + 1).forEach((b, j) => {
            const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            if (wide > 1 && high > 5)
                wrong.push(`${words} over ${texts[i + 1 + j].textContent}`);
        });
    });
    return wrong;
}"""


def pictures(browser, wrong):
    """Looks at each picture by itself."""
    page = browser.new_page()
    for file in sorted((DOCS / "material").glob("*.svg")):
        page.goto(file.as_uri())
        wrong += [f"{file.name}: {what}" for what in page.evaluate(PICTURE)]
    page.close()


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
        elif "=" in parts.fragment:
            continue  # A run of a lab.
        elif heading not in file.read_text("utf-8"):
            yield f"there is no heading {link}"


def themed(page, scheme):
    """The page on a screen, in its light theme or in its dark one."""
    page.emulate_media(media="screen", color_scheme=scheme)
    theme = {"light": "light", "dark": "navy"}[scheme]
    is_so = "theme => document.documentElement.classList.contains(theme)"
    page.wait_for_function(is_so, arg=theme)


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
        whole = file.name == "print.html"  # It is there to be printed.
        width = VIEWS["print" if whole else "1440"]
        page.emulate_media(media="screen", color_scheme="dark")
        page.set_viewport_size({"width": width, "height": 1000})
        page.goto(file.as_uri())
        if not whole:
            for what in links(page, file.name, other):
                tell(what)
        twins = page.locator(".twin").count()
        seen += len(page.evaluate(ROWS))
        for view, width in VIEWS.items():
            if whole and view != "print":
                continue
            page.set_viewport_size({"width": width, "height": 1000})
            page.emulate_media(media="print" if view == "print" else "screen")
            if view == "1024":
                page.reload()  # So narrow, the index is closed at first.
            for what in page.evaluate(WIDE):
                tell(what, view)
            for what in rows(page, view):
                tell(what, view)
            if view == "print":
                themed(page, "dark")
                page.emulate_media(media="print")
                for what in page.evaluate(PAPER):
                    tell(what, "print, dark")
                continue
            for what in page.evaluate(BLOCKS):
                tell(what, view)
            if file.name == "introduction.html":
                first = page.locator("code.language-console").first
                if first.bounding_box()["y"] > 700:
                    tell("the first command is not on the first screen", view)
            if view == "1440":
                for what in skips(page):
                    tell(what)
                page.add_script_tag(path=AXE)
                for scheme, only in ("dark", {}), ("light", COLOURS):
                    themed(page, scheme)
                    for what in page.evaluate(SERIOUS, only):
                        tell(f"axe: {what}", scheme)
            if shots and twins and not whole:
                shot = shots / f"{language}-{file.stem}-{view}.png"
                part = {"x": 0, "y": 0, "width": width, "height": 5000}
                page.screenshot(path=shot, full_page=True, clip=part)
    page.close()
    return seen


# In the lab: what stands in the ladder, and an arrow by its number.
LADDER = "() => document.querySelector('.lab-grown').innerHTML"
ENDED = """word => [...document.querySelectorAll(".lab button")]
    .some(button => button.textContent == word)
    && document.querySelector(".lab-grown").clientHeight
    >= document.querySelector(".ladder").clientHeight"""


def words_of(language, page, lab):
    """What a lab says to the reader: it stands in a comment of its page."""
    text = (DOCS / f"{language}/{page}.md").read_text("utf-8")
    lines = text.split(f"<!-- {lab}\n")[1].split("-->")[0].splitlines()
    return dict(line.split(": ", 1) for line in lines)


def lab(browser, language, wrong, shots):
    """Uses the chat's lab as a reader does: mouse, keyboard, links."""
    address = (DOCS / f"site/{language}/lab.html").as_uri()
    words = words_of(language, "lab", "lab")

    def told(right, what):
        if not right:
            wrong.append(f"{language}/lab.html: {what}")

    def opened(link="", **settings):
        page = browser.new_page(**settings)
        page.set_default_timeout(300_000)
        page.on("pageerror", lambda error: told(False, f"an error: {error}"))
        page.goto(address + link)
        page.wait_for_selector(".lab .datagram")
        return page

    def ended(page):
        page.wait_for_function(ENDED, arg=words["play"])

    def label(page, number):
        arrow = page.locator(f".datagram[data-n='{number}']")
        return arrow.get_attribute("aria-label")

    # Somebody types, loses the arrow with a click, and reads the next one.
    page = opened(viewport={"width": 1024, "height": 1000})
    page.locator(".lab-sides form input").nth(1).fill("chau, ñandú")
    page.keyboard.press("Enter")
    ended(page)
    number = page.locator(".datagram").count() - 1
    told('"chau, ñandú"' in label(page, number), "what was typed is not sent")
    page.locator(f".datagram[data-n='{number}'] .hit").click()
    ended(page)
    told(words["lost"] in label(page, number), "the click has lost nothing")
    again = f'"chau, ñandú", {words["try"]} 1'
    told(again in label(page, number + 1), "what was lost is not sent again")
    page.locator(f".datagram[data-n='{number + 1}'] text").click()
    heading = page.locator(".lab-frame h3").text_content()
    told(again in heading, f"the opened frame is {heading}")
    told(page.locator(".lab-frame tr").count() == 9, "not a row for each field")
    # What its address holds is this run.
    link = "#" + page.url.split("#")[1]
    other = opened(link, viewport={"width": 1024, "height": 1000})
    told(
        other.evaluate(LADDER).replace(' tabindex="0"', ' tabindex="-1"')
        == page.evaluate(LADDER).replace(' tabindex="0"', ' tabindex="-1"'),
        f"{link} brings another run",
    )
    other.close()
    # Damaged as Adler-32 does not see it.
    page.goto(address + "#client=500:hola&spoil=5")
    ended(page)
    page.locator(".datagram[data-n='5'] text").click()
    marks = page.locator(".lab-frame mark").all_text_contents()
    told("".join(marks).split() == ["69", "6d", "6d"], f"marked: {marks}")
    for scheme in "light", "dark":
        for width in 390, 1024, 1440:
            page.set_viewport_size({"width": width, "height": 1000})
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.reload()
            page.wait_for_selector(".lab .datagram")
            ended(page)
            page.locator(".datagram[data-n='5'] text").click()
            for what in page.evaluate(WIDE):
                told(False, f"{width}: {what}")
            page.add_script_tag(path=AXE)
            for what in page.evaluate(SERIOUS):
                told(False, f"{width}, {scheme}: axe: {what}")
            name = f"{language}-lab-{width}-{scheme}.png"
            if shots:
                page.screenshot(path=shots / name, full_page=True)
    # The keyboard alone, where nothing may move: a run is there at once.
    page.close()
    page = opened("#client=500:hola", reduced_motion="reduce")
    told(page.evaluate(ENDED, words["play"]), "it moves")
    page.locator(".lab-clock").click()
    for _ in range(40):
        if page.evaluate("() => document.activeElement.matches('.datagram')"):
            break
        page.keyboard.press("Tab")
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Delete")
    told(words["lost"] in label(page, 5), "the keyboard loses no arrow")
    page.keyboard.press("Enter")
    heading = page.locator(".lab-frame h3").text_content()
    told('"hola"' in heading, f"the keyboard opens {heading}")
    # A link of the page brings its run, its question and the answer.
    page.locator("main a[href$='&drop=6']").click()
    page.locator(".lab-question details").wait_for()
    told(words["lost"] in label(page, 6), "the first experiment is another one")
    # A slider begins the run again, and the page stays where it is.
    page.locator("main a[href$='window=16&lines=40']").first.click()
    page.locator(".lab-sliders input").first.focus()
    before = page.evaluate("scrollY")
    page.keyboard.press("ArrowRight")
    page.locator(".lab-sliders output", has_text="15").wait_for()
    told(page.evaluate("scrollY") == before, "a slider scrolls the page")
    page.close()


def header_lab(browser, language, wrong):
    """Types into the header's lab, and flips a bit with the keyboard."""
    page = browser.new_page()
    page.set_default_timeout(300_000)
    words = words_of(language, "udp-header", "header lab")

    def told(right, what):
        if not right:
            wrong.append(f"{language}/udp-header.html: {what}")

    def noticed():
        verdicts = page.locator(".lab-table strong").all_text_contents()
        return [verdict == words["seen"] for verdict in verdicts]

    page.goto((DOCS / f"site/{language}/udp-header.html").as_uri())
    page.locator(".lab [name=source]").fill("258")
    byte = page.locator(".lab-bytes button")
    told(byte.nth(1).text_content() == "02", "the port is not in its bytes")
    page.keyboard.press("Control+a")
    page.keyboard.type("x")
    told("x" in page.locator(".lab-wrong").text_content(), "x is a port")
    page.reload()
    # Neither code that scrolls nor a byte leaves an arrow key to mdBook.
    page.locator("code.language-text").first.press("ArrowRight")
    byte.nth(8).focus()
    for key in "ArrowRight", "Tab", "Enter":
        page.keyboard.press(key)
    told(byte.nth(9).text_content() == "e1", "the bit of 61 is not flipped")
    told(noticed() == [True] * 3, f"a flipped bit: {noticed()}")
    typed = "text => document.querySelector('.lab [name=text]').value == text"
    for text, missed in ("aabb", 0), ("bcb", 1):
        page.locator(f"main a[href*='text={text}&']").click()
        page.wait_for_function(typed, arg=text)
        expected = [number != missed for number in range(3)]
        told(noticed() == expected, f"{text}: {noticed()}")
    page.close()


def same_runs(browser, wrong):
    """200 runs, here and in the browser: the same, to the last byte."""
    page = browser.new_page()
    page.goto((DOCS / "site/en/lab.html").as_uri())
    page.wait_for_selector(".lab .datagram")
    questions = [
        f"run\nseed={n}&lose={n % 40}&corrupt={n % 7}&duplicate={n % 5}"
        f"&reorder={n % 11}&delay={n % 13}&truncate={n % 3}&lines={n % 9}"
        f"&server={n}:ñandú+{'ja' * n}&for=20\nwidth={300 + n}\n"
        for n in range(200)
    ]
    there = page.evaluate("all => all.map(ask)", questions)
    page.close()
    here = subprocess.run(
        ["cargo", "run", "--quiet", "-p", "lab"],
        input="".join(questions),
        capture_output=True,
        encoding="utf-8",
        cwd=DOCS.parent,
    )
    for number, (one, two) in enumerate(zip(here.stdout.splitlines(), there)):
        if one != two:
            wrong.append(f"run {number} is another one in the browser")
    if len(here.stdout.splitlines()) != 200:
        wrong.append(f"the lab itself: {here.stderr}")


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--shots", type=Path, help="a folder for pictures")
    shots = args.parse_args().shots
    if not AXE.exists():
        sys.exit("Error: axe-core is not here; .ci/book installs it")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        sys.exit("Error: Chromium is not here; .ci/book installs it")
    if shots:
        shots.mkdir(parents=True, exist_ok=True)
    build()
    wrong = []

    def side(language):
        """Looks at one language; Playwright's parts are one thread's."""
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=CHROMIUM
            )
            if language == "en":
                front(browser, wrong)
                pictures(browser, wrong)
            other = "es" if language == "en" else "en"
            seen = look(browser, language, other, shots, wrong)
            if (DOCS / f"site/{language}/lab.js").exists():
                lab(browser, language, wrong, shots)
                header_lab(browser, language, wrong)
                if language == "en":
                    same_runs(browser, wrong)
            else:
                print("skipped: the labs are not built")
            browser.close()
        return seen

    with ThreadPoolExecutor() as threads:
        english, spanish = threads.map(side, ("en", "es"))
    wrong += [*one_terminal("en"), *one_terminal("es")]
    if english != spanish or english < 50:
        wrong.append(
            f"rows of twins: {english} in English, {spanish} in Spanish"
        )
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"the book is well: {english} rows of twins in either language")


if __name__ == "__main__":
    main()
