//! The workshop's ports stand in `common::ports`. Programs, READMEs and pages
//! repeat them: no number near them is another one.

use std::fs;

use checks::markdown::pages;
use common::ports;

/// The numbers from 3500 to 3599 in `text` that are no port of the workshop,
/// each with its line. A recorded run may have others, of processes, say.
fn strange(text: &str) -> Vec<(usize, u16)> {
    let mut found = Vec::new();
    let mut recorded = false;
    for (number, line) in (1..).zip(text.lines()) {
        recorded |= line.starts_with("<!-- output: ");
        recorded &= line != "<!-- end -->";
        let in_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let words = line.split(|c| !in_word(c));
        let numbers = words.filter_map(|word| word.parse().ok());
        let near = numbers.filter(|n| (3500..3600).contains(n) && !recorded);
        let others = near.filter(|n| !ports::ALL.contains(n));
        found.extend(others.map(|n| (number, n)));
    }
    found
}

#[test]
fn every_port_that_is_written_somewhere_is_one_of_common_s() {
    let mut wrong = Vec::new();
    let own = "book/ports.rs"; // It has a strange one on purpose.
    for ending in [".md", ".py", ".rs", ".lua", ".sh", ".c", "words.txt"] {
        let files = pages(ending);
        assert!(!files.is_empty(), "{ending}");
        // A mistake may be about the port.
        let others = files.iter().filter(|f| !f.ends_with("mistakes.md"));
        for file in others.filter(|file| !file.ends_with(own)) {
            let text = fs::read_to_string(file).unwrap();
            for (line, port) in strange(&text) {
                wrong.push(format!("{}:{line}: {port}", file.display()));
            }
        }
    }
    let ports = ports::ALL;
    assert!(wrong.is_empty(), "not {ports:?}:\n{}\n", wrong.join("\n"));
}

#[test]
fn a_port_of_nobody_is_seen_and_a_process_number_is_none() {
    let [echo, strangers] = [ports::ECHO, 3599];
    let text = format!("port {echo}\n`127.0.0.1:{strangers}`, 0x3598\n");
    assert_eq!(strange(&text), [(2, strangers)]);
    let run = format!("<!-- output: ps -->\n{strangers}\n<!-- end -->\n");
    assert_eq!(strange(&run), []);
    assert_eq!(strange(&format!("{run}{strangers}")), [(4, strangers)]);
}
