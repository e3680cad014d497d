//! As much of Markdown as the tests of the pages need: headings, blocks and
//! spans of code, links. The pages are ours and plain, so that this will do.

use std::fs;
use std::path::PathBuf;

use crate::root;

/// The workshop's pages: its files whose name ends so, `.md` say, in order.
pub fn pages(ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            let hidden = name.starts_with('.') || name == "target";
            if path.is_dir() && !hidden {
                folders.push(path);
            } else if name.ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// What a page consists of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The headings: level and text.
    pub headings: Vec<(usize, String)>,
    /// The blocks of code: what stands behind the fence, and the lines.
    pub blocks: Vec<(String, String)>,
    /// `code` in the text, on one line.
    pub spans: Vec<String>,
    /// Where links lead, and pictures come from.
    pub links: Vec<String>,
}

/// Reads a page.
///
/// # Panics
/// If a block or a span of code does not end.
pub fn read(text: &str) -> Page {
    let (mut page, mut prose) = (Page::default(), String::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let bare = line.trim_start();
        let kind = bare.trim_start_matches('`');
        let fence = &bare[..bare.len() - kind.len()];
        let level = bare.bytes().take_while(|b| *b == b'#').count();
        if fence.len() >= 3 {
            let mut block = String::new();
            loop {
                let line = lines.next();
                let line = line.expect("a block of code does not end");
                if line.trim() == fence {
                    break;
                }
                block += &format!("{line}\n");
            }
            page.blocks.push((kind.to_string(), block));
        } else if level > 0 && bare[level..].starts_with(' ') {
            page.headings.push((level, bare[level..].trim().to_string()));
        }
        // A heading's link is a link. A paragraph ends with an empty line.
        if fence.len() < 3 {
            prose += &format!("{line}\n");
        }
    }
    for paragraph in prose.split("\n\n") {
        let (mut spans, mut rest) = (Vec::new(), String::new());
        for (i, piece) in paragraph.split('`').enumerate() {
            match i % 2 {
                0 => rest += piece,
                _ => spans.push(piece.replace('\n', " ")),
            }
        }
        let even = paragraph.matches('`').count() % 2 == 0;
        assert!(even, "a span of code does not end: {paragraph}");
        page.spans.extend(spans);
        links(&rest, &mut page.links);
    }
    page
}

/// `[text](target)`, `<a href="target">`, and an address as it is.
fn links(text: &str, found: &mut Vec<String>) {
    let mut rest = text;
    let starts = ["](", "href=\"", "src=\"", "http://", "https://"];
    while let Some((at, start)) =
        starts.iter().filter_map(|start| Some((rest.find(start)?, start))).min()
    {
        let bare = start.ends_with('/');
        let target = &rest[if bare { at } else { at + start.len() }..];
        let end = |c: char| c.is_whitespace() || ")\">".contains(c);
        let end = target.find(end).unwrap_or(target.len());
        found.push(target[..end].to_string());
        rest = &target[end..];
    }
}

/// The names that a page's headings have in a link, as GitHub and mdBook make
/// them: `#the-first-reply`.
pub fn anchors(page: &Page) -> Vec<String> {
    let mut anchors = Vec::<String>::new();
    for (_, heading) in &page.headings {
        let kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
        let anchor: String = heading.chars().filter(kept).collect();
        let anchor = anchor.to_lowercase().replace(' ', "-");
        let same = |a: &&String| a.as_str() == anchor;
        match anchors.iter().filter(same).count() {
            0 => anchors.push(anchor),
            _ => panic!("two headings are {heading:?}"),
        }
    }
    anchors
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# One `word`: ¿qué?

A [link\n](x.md#a-b), `code\nin [no](link)` and <https://example.org/>, <a \
href=\"y\">y</a>.

   ```console
   cargo test [no](link)
   ```

## Two

````text
```
# no heading
````
![a picture](z.svg)
";

    #[test]
    fn the_parts_of_a_page_are_told_apart() {
        let page = read(TEXT);
        let headings = [(1, "One `word`: ¿qué?"), (2, "Two")];
        assert_eq!(page.headings, headings.map(|(n, h)| (n, h.to_string())));
        assert_eq!(
            page.links,
            ["x.md#a-b", "https://example.org/", "y", "z.svg"]
        );
        assert_eq!(page.spans, ["word", "code in [no](link)"]);
        let kinds: Vec<_> = page.blocks.iter().map(|b| b.0.as_str()).collect();
        assert_eq!(kinds, ["console", "text"]);
        assert_eq!(page.blocks[1].1, "```\n# no heading\n");
        assert_eq!(anchors(&page), ["one-word-qué", "two"]);
    }

    #[test]
    #[should_panic(expected = "a block of code does not end")]
    fn a_block_without_an_end_is_told() {
        read("```rust\nlet a;\n");
    }

    #[test]
    #[should_panic(expected = "a span of code does not end: a `b")]
    fn a_span_without_an_end_is_told() {
        read("a `b\n\nc` d\n");
    }

    #[test]
    #[should_panic(expected = "two headings are \"A\"")]
    fn headings_have_names_of_their_own() {
        anchors(&read("# A\n\n## A\n"));
    }
}
