//! The book in `docs/`: its two languages are of equal rank, and what is made
//! in it is current. `UPDATE_DOCS=1` makes it so.

use std::collections::BTreeSet;
use std::fs;
use std::sync::LazyLock;

use checks::book::{
    LANGUAGES, captions, difference, made, page, stamp, updating,
};
use checks::markdown::read;
use checks::root;

/// The pages in the order of an index: `SUMMARY.md` of a language.
fn pages(language: &str) -> Vec<String> {
    let text = fs::read_to_string(page(language, "SUMMARY")).unwrap();
    let links = text.split("](").skip(1);
    links.filter_map(|l| Some(l.split_once(".md)")?.0.to_string())).collect()
}

/// The names of all files in a language's folder.
fn files(language: &str) -> BTreeSet<String> {
    let files = fs::read_dir(root().join("docs").join(language)).unwrap();
    let names = files.flatten().map(|f| f.file_name().display().to_string());
    names.collect()
}

#[test]
fn both_languages_have_the_same_pages_in_the_same_order() {
    let [english, spanish] = LANGUAGES.map(pages);
    assert_eq!(english, spanish);
    let mut listed: BTreeSet<_> =
        english.iter().map(|name| format!("{name}.md")).collect();
    assert_eq!(listed.len(), english.len(), "a page stands in it twice");
    listed.insert("SUMMARY.md".to_string());
    assert_eq!(LANGUAGES.map(files), [listed.clone(), listed]);
}

#[test]
fn a_page_and_its_translation_have_the_same_shape() {
    LazyLock::force(&NOT_CURRENT);
    let mut wrong = Vec::new();
    for name in pages(LANGUAGES[0]) {
        let texts = LANGUAGES.map(|l| fs::read_to_string(page(l, &name)));
        if let [Ok(english), Ok(spanish)] = texts {
            wrong.extend(unlike(&name, &english, &spanish));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// How two pages differ in what they must have in common: headings by level;
/// blocks of code, those of `text` apart, which may hold words; links.
fn unlike(name: &str, english: &str, spanish: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let other = [
        (english, format!("[En español](../es/{name}.md)")),
        (spanish, format!("[In English](../en/{name}.md)")),
    ];
    for (text, link) in other {
        if text.lines().filter(|line| *line == link).count() != 1 {
            wrong.push(format!("{name}: no line {link}"));
        }
    }
    let pages = [english, spanish].map(read);
    let of = |what: fn(&checks::markdown::Page) -> Vec<String>| {
        [what(&pages[0]), what(&pages[1])]
    };
    for (what, [english, spanish]) in [
        (
            "heading",
            of(|p| p.headings.iter().map(|h| "#".repeat(h.0)).collect()),
        ),
        ("block of code", of(|p| p.blocks.iter().map(block).collect())),
        ("link", of(|p| p.links.iter().map(|l| target(l)).collect())),
    ] {
        let same = english.iter().zip(&spanish).take_while(|(e, s)| e == s);
        let at = same.count();
        if at < english.len().max(spanish.len()) {
            let [e, s] = [english, spanish].map(|all| {
                all.get(at).map_or("nothing".to_string(), |e| format!("{e:?}"))
            });
            let at = at + 1;
            wrong.push(format!("{name}, {what} {at}: en {e}, es {s}"));
        }
    }
    wrong
}

fn block((kind, code): &(String, String)) -> String {
    match kind.as_str() {
        "text" => kind.clone(),
        _ => format!("{kind}\n{code}"),
    }
}

/// Where a link leads, whatever the language: a heading has another name.
fn target(link: &str) -> String {
    let link = link.replace(".es.md", ".md").replace("../es/", "../en/");
    let link = link.replace(".es.svg", ".svg");
    let link = link.replace("docs.python.org/es/", "docs.python.org/");
    let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
    format!("{file}{}", if anchor.is_empty() { "" } else { "#" })
}

const ENGLISH: &str = "\
# A page

[En español](../es/name.md)

## Two

```console
cargo test
```

See [this](../../README.md#on-windows).
";

#[test]
fn a_translation_that_lacks_something_is_told() {
    let spanish = "# Una página\n\n[In English](../en/name.md)\n\n## Dos\n\n\
                   ```console\ncargo test\n```\n\n\
                   Ver [esto](../../README.es.md#en-windows).\n";
    assert_eq!(unlike("name", ENGLISH, spanish), [""; 0]);
    for (old, new, told) in [
        ("In English", "English", "name: no line [In English](../en/name.md)"),
        ("## Dos", "### Dos", "name, heading 2: en \"##\", es \"###\""),
        ("## Dos", "Dos", "name, heading 2: en \"##\", es nothing"),
        ("console", "text", "name, block of code 1: en \"console\\ncargo"),
        ("cargo test", "cargo", "name, block of code 1: en \"console\\ncargo"),
        ("README", "LEEME", "name, link 2: en \"../../README.md#\""),
        ("#en-windows", "", "name, link 2: en \"../../README.md#\", es"),
    ] {
        let edited = spanish.replacen(old, new, 1);
        assert_ne!(edited, spanish, "{old} is not there");
        let wrong = unlike("name", ENGLISH, &edited);
        assert!(wrong.iter().any(|w| w.starts_with(told)), "{old}: {wrong:?}");
    }
}

#[test]
fn every_page_is_current() {
    let how = "UPDATE_DOCS=1 cargo test -p checks --test book";
    assert!(NOT_CURRENT.is_empty(), "\n{}\n({how})\n", NOT_CURRENT.join("\n"));
}

/// Which pages are not as they should be. If they shall be updated, they are
/// now: whoever reads pages looks here first.
static NOT_CURRENT: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut wrong = Vec::new();
    for language in LANGUAGES {
        for name in pages(language) {
            let file = format!("docs/{language}/{name}.md");
            let Ok(text) = fs::read_to_string(page(language, &name)) else {
                wrong.push(format!("there is no {file}"));
                continue;
            };
            match now(language, &name, &text) {
                Err(e) => wrong.push(format!("{file}: {e}")),
                Ok(now) if now == text => {}
                Ok(now) if updating() => {
                    fs::write(root().join(&file), now).unwrap();
                }
                Ok(now) => {
                    let pairs = text.lines().zip(now.lines());
                    let line = pairs.take_while(|(a, b)| a == b).count() + 1;
                    wrong.push(format!("{file}, line {line}, is not current"));
                }
            }
        }
    }
    wrong
});

/// The page as it should be: the stamp, then its text with what is made.
fn now(language: &str, name: &str, text: &str) -> Result<String, String> {
    let text = made(language, text)?;
    if language == LANGUAGES[0] {
        return Ok(text);
    }
    let english = fs::read_to_string(page(LANGUAGES[0], name));
    let stamp = stamp(&english.map_err(|e| e.to_string())?)?;
    let old = text.lines().next().unwrap_or_default();
    let stamped = old.starts_with("<!-- en: ");
    let rest = if stamped { &text[old.len() + 1..] } else { &text };
    Ok(format!("{stamp}\n{rest}"))
}

#[test]
fn every_caption_is_needed() {
    let mut texts = String::new();
    for pair in checks::twins::pairs(&root()).0 {
        texts += &fs::read_to_string(pair.rust).unwrap();
    }
    for english in captions().unwrap().keys() {
        assert!(texts.contains(&format!(". {english}\n")), "{english:?}");
    }
}

#[test]
fn a_marker_that_cannot_be_followed_is_told() {
    for (text, told) in [
        ("<!-- twin: udp-echo clent -->", "udp-echo has no such twins"),
        ("<!-- twin: zchat frame -->", "zchat has no such twins"),
        ("<!-- functions: zchat client -->", "zchat has no such twins"),
        ("<!-- file: examples/no.rs -->", "examples/no.rs: "),
        ("<!-- output: no -->", "docs/material/runs.txt has no no"),
        ("<!-- outputs: no -->", "what is outputs: no?"),
        ("<!-- twin: udp-echo -->", "what is twin: udp-echo?"),
        ("<!-- file: rustfmt.toml -->", "has no <!-- end -->"),
    ] {
        let wrong = made("es", &format!("# A\n{text}\n")).unwrap_err();
        let wrong = wrong.replace('\\', "/");
        assert!(wrong.contains(text) && wrong.contains(told), "{wrong}");
    }
}

#[test]
fn what_is_made_replaces_what_was_there() {
    let text = "# A\n<!-- file: rustfmt.toml -->\nold\n<!-- end -->\nB\n";
    let now = "# A\n<!-- file: rustfmt.toml -->\n\n```toml\n\
               max_width = 80\nuse_small_heuristics = \"Max\"\n```\n\n\
               <!-- end -->\nB\n";
    assert_eq!(made("en", text).unwrap(), now);
    assert_eq!(made("en", now).unwrap(), now);
    assert_eq!(stamp(text), stamp(now)); // It is not the translator's.
    assert_ne!(stamp(text), stamp(&text.replace("B", "C")));
}

#[test]
fn a_run_may_differ_in_its_numbers_and_in_nothing_else() {
    let old = "at 12:05  127.0.0.1:40000\n--> hello\n";
    for new in ["at 9:55 127.0.0.1:4\n--> hello\n", old] {
        assert_eq!(difference(old, new), None);
    }
    for (new, told) in [
        (old.replace("hello", "help"), "- --> hello\n+ --> help\n"),
        (format!("{old}more\n"), "+ more\n"),
        (old.replace("--> hello\n", ""), "- --> hello\n"),
        (
            old.replace("at 12", "at x"),
            "- at 12:05  127.0.0.1:40000\n+ at x:05",
        ),
        (String::new(), "- at 12:05  127.0.0.1:40000\n- --> hello\n"),
    ] {
        let difference = difference(old, &new).unwrap();
        assert!(difference.starts_with(told), "{difference}");
    }
}
