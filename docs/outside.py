"""mdBook's preprocessor: what lies outside of the pages' folder.

In the pages, links to the workshop's files are relative, and so work in every
viewer of Markdown. The built book is not where the pages are. So here

- a link to a file, (../../examples/scheme.rs), gets the address of the
  repository on the web, if book.toml (or the environment) has one as
  git-repository-url, or else of the file on this machine;
- a picture, (../material/checksum.svg), becomes part of the page.

mdBook runs it in the folder of book.toml: https://rust-lang.github.io/mdBook
"""

import base64
import json
import re
import sys
from pathlib import Path

if sys.argv[1:2] == ["supports"]:  # mdBook asks: for HTML?
    sys.exit(0)

context, book = json.load(sys.stdin)
html = context["config"].get("output", {}).get("html", {})
here = Path(__file__).resolve().parent.parent.as_uri()
web = html.get("git-repository-url")
top = web + "/blob/main" if web else here


def picture(link):
    name, kind = link[1], link[2].replace("svg", "svg+xml")
    text = base64.b64encode(Path("material", name).read_bytes()).decode()
    return f"](data:image/{kind};base64,{text})"


def adapt(items):
    for item in items:
        if not isinstance(item, dict) or "Chapter" not in item:
            continue  # A line or a title between the chapters.
        chapter = item["Chapter"]
        text = chapter["content"].replace("](../../", f"]({top}/")
        text = re.sub(
            r"\]\(\.\./material/([\w.-]+\.(svg|png))\)", picture, text
        )
        text = text.replace("](../material/", f"]({top}/docs/material/")
        chapter["content"] = text
        adapt(chapter["sub_items"])


adapt(book["items"])
json.dump(book, sys.stdout)
