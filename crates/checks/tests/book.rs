//! The book in `docs/`: its two languages are of equal rank, and what is made
//! in it is current. `UPDATE_DOCS=1` makes it so.

use std::fs;

use checks::book::{LANGUAGES, captions, made, page, stamp, updating};
use checks::root;

/// The pages in the order of an index: `SUMMARY.md` of a language.
fn pages(language: &str) -> Vec<String> {
    let text = fs::read_to_string(page(language, "SUMMARY")).unwrap();
    let links = text.split("](").skip(1);
    links.filter_map(|l| Some(l.split_once(".md)")?.0.to_string())).collect()
}

#[test]
fn every_page_is_current() {
    let mut wrong = Vec::new();
    for language in LANGUAGES {
        for name in pages(language) {
            let file = page(language, &name);
            let text = fs::read_to_string(&file).unwrap();
            let now = now(language, &name, &text);
            let file = format!("docs/{language}/{name}.md");
            match now {
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
    let how = "UPDATE_DOCS=1 cargo test -p checks --test book";
    assert!(wrong.is_empty(), "\n{}\n({how})\n", wrong.join("\n"));
}

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
