//! What the tests of the pages ask of a page: its headings, blocks and spans
//! of code, and links.

use std::fs;
use std::path::PathBuf;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

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
            if path.is_dir() && !hidden && !path.is_symlink() {
                folders.push(path); // A link may lead round in a circle.
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
/// If a block or a span of code does not end, which Markdown allows.
pub fn read(text: &str) -> Page {
    let mut page = Page::default();
    let (mut heading, mut block) = (None, None); // Those that are open.
    let parser = Parser::new_ext(text, Options::ENABLE_TABLES);
    for (event, range) in parser.into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                heading = Some((level as usize, String::new()));
            }
            Event::End(TagEnd::Heading(_)) => {
                page.headings.extend(heading.take())
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(kind))) => {
                let ends = text[range].trim_end().ends_with("```");
                assert!(ends, "a block of code does not end: {kind}");
                block = Some((kind.to_string(), String::new()));
            }
            Event::End(TagEnd::CodeBlock) => page.blocks.extend(block.take()),
            Event::Start(
                Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. },
            ) => page.links.push(dest_url.to_string()),
            Event::Html(html) | Event::InlineHtml(html) => {
                addresses(&html, &["href=\"", "src=\""], &mut page.links);
            }
            Event::Code(code) => {
                if let Some((_, heading)) = &mut heading {
                    *heading += &code;
                }
                page.spans.push(code.replace('\n', " "));
            }
            Event::Text(text) => match (&mut block, &mut heading) {
                (Some((_, block)), _) => *block += &text,
                (_, heading) => {
                    let open = text.contains('`');
                    assert!(!open, "a span of code does not end: {text}");
                    for word in text.split(' ').filter(|w| w.contains("://")) {
                        // The text of `<https://...>` is its address again.
                        if page.links.last().is_none_or(|last| last != word) {
                            page.links.push(word.to_string());
                        }
                    }
                    if let Some((_, heading)) = heading {
                        *heading += &text;
                    }
                }
            },
            _ => {}
        }
    }
    page
}

/// The addresses in HTML.
fn addresses(html: &str, starts: &[&str], found: &mut Vec<String>) {
    for start in starts {
        let quoted = html.split(start).skip(1);
        let quoted = quoted.filter_map(|rest| rest.split('"').next());
        found.extend(quoted.map(str::to_string));
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
        let headings = [(1, "One word: ¿qué?"), (2, "Two")];
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
    #[should_panic(expected = "a span of code does not end: `")]
    fn a_span_without_an_end_is_told() {
        read("a `b\n\nc` d\n");
    }

    #[test]
    #[should_panic(expected = "two headings are \"A\"")]
    fn headings_have_names_of_their_own() {
        anchors(&read("# A\n\n## A\n"));
    }
}
