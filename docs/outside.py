"""mdBook's preprocessor: what lies outside of the pages' folder.

In the pages, links to the workshop's files are relative, and so work in every
viewer of Markdown. The built book is not where the pages are. So here

- the READMEs of the crates, examples and exercises become chapters, each below
  the page that leads to it;
- a link to a page of the book, from wherever it comes, leads to its chapter;
- a link to another file, (../../examples/scheme.rs), gets the address of the
  repository on the web, if book.toml (or the environment) has one as
  git-repository-url, or else of the file on this machine;
- a picture, (../material/checksum.svg), becomes part of the page.

mdBook runs it in the folder of book.toml: https://rust-lang.github.io/mdBook
"""

import base64
import json
import posixpath
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = {"en": ".md", "es": ".es.md"}  # How a README's name ends.

# Below which page a README's chapter stands.
BELOW = {
    "introduction": ["README"],
    "scheme": ["examples/README"],
    "workshop-1": ["crates/udp-echo/README"],
    "daytime": ["crates/daytime-rfc867/README"],
    "rtt": ["crates/rtt-rfc2681/README"],
    "zchat": ["crates/zchat/README"],
    "exercises": [
        f"exercises/{folder.name}/README"
        for folder in sorted(ROOT.glob("exercises/[0-9]*"))
    ],
}


def chapter_name(readme):
    """crates/zchat/README becomes crate-zchat, exercises/02-echo-server/README
    exercise-02."""
    folder = posixpath.dirname(readme)
    if folder.startswith("exercises/"):
        return f"exercise-{folder[10:12]}"
    return folder.replace("crates/", "crate-") or "workshop"


def chapters(language):
    """Each page of the book: its file in the repository, and its name."""
    pages = {
        f"docs/{language}/{file.name}": file.name
        for file in ROOT.glob(f"docs/{language}/*.md")
    }
    pages[f"docs/{language}/SUMMARY.md"] = "introduction.md"
    for readme in sum(BELOW.values(), []):
        pages[readme + LANGUAGES[language]] = chapter_name(readme) + ".md"
    return pages


class Book:
    """The book in one language."""

    def __init__(self, language, top):
        self.top = top
        self.pages = chapters(language)
        self.ending = LANGUAGES[language]
        for other in LANGUAGES:
            for file, name in chapters(other).items():
                self.pages.setdefault(file, f"../{other}/{name}")

    def address(self, source, link):
        """Where a link of the file `source` leads in the built book."""
        link, hash_sign, heading = link.partition("#")
        if "://" in link or not link:
            return link + hash_sign + heading
        file = posixpath.normpath(
            posixpath.join(posixpath.dirname(source), link)
        )
        if file.endswith((".svg", ".png")):
            kind = file[-3:].replace("svg", "svg+xml")
            text = base64.b64encode((ROOT / file).read_bytes()).decode()
            return f"data:image/{kind};base64,{text}"
        place = self.pages.get(file, f"{self.top}/{file}")
        return place + hash_sign + heading

    def adapt(self, source, text):
        """The text of the file `source`, its links changed."""
        parts = re.split(r"(?ms)^( *````?\w*\n.*?^ *````?$)", text)
        for number in range(0, len(parts), 2):  # The others are code.
            parts[number] = re.sub(
                r"\]\(([^()\s]+)\)",
                lambda link: f"]({self.address(source, link[1])})",
                parts[number],
            )
        return "".join(parts)

    def guest(self, readme, parents, number):
        """A README as a chapter; the number says how deep it stands."""
        source = readme + self.ending
        text = (ROOT / source).read_text("utf-8")
        title = re.search(r"(?m)^# (.*)", text)[1].replace("`", "")
        chapter = {
            "name": title,
            "content": self.adapt(source, text),
            "number": number,
            "sub_items": [],
            "path": chapter_name(readme) + ".md",
            "source_path": None,
            "parent_names": parents,
        }
        return {"Chapter": chapter}

    def change(self, items, folder):
        """Adapts the chapters, and puts the READMEs below theirs."""
        for item in items:
            if not isinstance(item, dict) or "Chapter" not in item:
                continue  # A line or a title between the chapters.
            chapter = item["Chapter"]
            source = f"{folder}/{chapter['path']}"
            chapter["content"] = self.adapt(source, chapter["content"])
            self.change(chapter["sub_items"], folder)
            parents = [*chapter["parent_names"], chapter["name"]]
            for readme in BELOW.get(chapter["path"][:-3], []):
                below = chapter["sub_items"]
                number = [*chapter["number"], len(below) + 1]
                below.append(self.guest(readme, parents, number))


def main():
    context, book = json.load(sys.stdin)
    html = context["config"].get("output", {}).get("html", {})
    web = html.get("git-repository-url")
    language = context["config"]["book"]["src"]
    top = web + "/blob/main" if web else ROOT.as_uri()
    Book(language, top).change(book["items"], f"docs/{language}")
    json.dump(book, sys.stdout)


if __name__ == "__main__":
    if sys.argv[1:2] != ["supports"]:  # mdBook asks: for HTML?
        main()
