//! The book's pictures: each is as its program draws it, is shown on a page, in
//! the page's language, and has a title for those who do not see it.

use std::env::temp_dir;
use std::fs;
use std::process::id;

use checks::book::{LANGUAGES, kept, page};
use checks::markdown::{pages, read};
use checks::{python, root, skipped};
use lab::input::Input;
use lab::picture::{Words, picture};
use lab::run::run;
use testbed::output;

#[test]
fn pictures_are_as_they_are_drawn() {
    if output(python().arg("--version")).is_err() {
        return skipped("there is no Python");
    }
    let folder = temp_dir().join(format!("pictures{}", id()));
    fs::create_dir(&folder).unwrap();
    let mut program = python();
    program.arg(root().join("docs/pictures.py")).arg(&folder);
    let ended = output(&mut program).unwrap();
    assert!(ended.status.success(), "{ended:?}");
    let mut drawn = 0;
    for file in fs::read_dir(&folder).unwrap().flatten() {
        let text = fs::read_to_string(file.path()).unwrap();
        let name = file.file_name().display().to_string();
        kept(&name, &text, |old, new| {
            (old != new).then(|| "(python3 docs/pictures.py)".to_string())
        });
        drawn += 1;
    }
    fs::remove_dir_all(folder).unwrap();
    assert!(drawn > 20, "{drawn}");
}

/// What the lab's page shows where the lab does not run.
#[test]
fn the_lab_s_pictures_are_as_the_lab_draws_them() {
    for (language, name) in LANGUAGES.iter().zip(["lab.svg", "lab.es.svg"]) {
        let text = fs::read_to_string(page(language, "lab")).unwrap();
        let (_, words) = text.split_once("<!-- lab\n").unwrap();
        let (words, _) = words.split_once("-->").unwrap();
        let words = words.lines().filter_map(|line| line.split_once(": "));
        let words = words.map(|(key, word)| (key.into(), word.into()));
        let words = Words(words.collect());
        let input = Input::read(words.get("first")).unwrap();
        let drawn = picture(&run(&input), &words, 480).svg;
        kept(name, &drawn, |old, new| {
            (old != new).then(|| "(another picture)".to_string())
        });
    }
}

#[test]
fn each_picture_has_a_title_and_is_shown_in_both_languages() {
    let mut wrong = Vec::new();
    let mut shown = Vec::new();
    for path in pages(".md") {
        for link in read(&fs::read_to_string(&path).unwrap()).links {
            let Some((_, name)) = link.rsplit_once("material/") else {
                continue;
            };
            let spanish = LANGUAGES[1];
            let page = path.to_string_lossy().replace('\\', "/");
            let page = page.contains(&format!("docs/{spanish}/"))
                || page.ends_with(&format!(".{spanish}.md"));
            if name.ends_with(".svg") && page != name.ends_with(".es.svg") {
                wrong.push(format!("{}: {name}", path.display()));
            }
            shown.push(name.to_string());
        }
    }
    let mut titles = Vec::new();
    for file in fs::read_dir(root().join("docs/material")).unwrap().flatten() {
        let name = file.file_name().display().to_string();
        if !name.ends_with(".svg") {
            continue;
        }
        let text = fs::read_to_string(file.path()).unwrap();
        let title = text.split_once("<title>").unwrap_or_default().1;
        let title = title.split("</title>").next().unwrap_or_default();
        if title.len() < 10 || titles.contains(&title.to_string()) {
            wrong.push(format!("{name}: its title is {title:?}"));
        }
        if !shown.contains(&name) {
            wrong.push(format!("{name} is shown on no page"));
        }
        titles.push(title.to_string());
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
