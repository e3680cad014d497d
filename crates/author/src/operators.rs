//! What goes wrong where sockets are: changes of a solution that cargo-mutants
//! does not make, a line at a time. None knows what the line means.

/// A change: what it is called, without the place; the line's number, from 0; and
/// the line that stands there then.
pub type Change = (String, usize, String);

/// All changes of the code lines of a solution.
pub fn changes(solution: &str) -> Vec<Change> {
    let mut all = Vec::new();
    for (at, line) in solution.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        if code.trim().is_empty() || code.starts_with("use ") {
            continue;
        }
        let code = code.trim_end();
        let mut add = |what: String, new: String| {
            if new != code {
                all.push((what, at, new + &line[code.len()..]));
            }
        };
        calls_less_or_more(code, &mut add);
        question_marks(code, &mut add);
        bounds(code, &mut add);
        numbers(code, &mut add);
        arguments(code, &mut add);
        kinds(code, &mut add);
    }
    all
}

/// `s.send(data)?;`: no such line; or twice.
fn calls_less_or_more(code: &str, add: &mut impl FnMut(String, String)) {
    let call = code.trim();
    let words = ["let ", "return", "}", "break", "continue", "pub ", "const "];
    let whole =
        call.ends_with(';') && call.contains('(') && !call.contains(" = ");
    if whole && !words.iter().any(|word| call.starts_with(word)) {
        add(format!("drop {call}"), String::new());
        if call.contains(".send") {
            add(format!("twice {call}"), format!("{code}\n{code}"));
        }
    }
}

/// `?`: it panics instead; or the error is not looked at.
fn question_marks(code: &str, add: &mut impl FnMut(String, String)) {
    for (at, _) in code.match_indices('?') {
        if code[at + 1..].starts_with(['"', '}', ':']) {
            continue; // In a text.
        }
        let new = format!("{}.unwrap(){}", &code[..at], &code[at + 1..]);
        add(format!("replace ? with .unwrap() in {}", code.trim()), new);
    }
    let call = code.trim();
    if call.ends_with("?;")
        && !call.contains(" = ")
        && !call.starts_with("return")
    {
        let margin = &code[..code.len() - code.trim_start().len()];
        let new = format!("{margin}let _ = {};", &call[..call.len() - 2]);
        add(format!("drop ? in {call}"), new);
    }
}

/// The bounds of slices: `[a..b]` one more, one less.
fn bounds(code: &str, add: &mut impl FnMut(String, String)) {
    for (at, _) in code.match_indices("..") {
        let Some(open) = code[..at].rfind('[') else { continue };
        let Some(close) = code[at..].find(']').map(|to| at + to) else {
            continue;
        };
        let (from, to) = (&code[open + 1..at], &code[at + 2..close]);
        let to = to.strip_prefix('=').unwrap_or(to);
        if from.contains([']', '"']) || to.contains(['[', '"']) {
            continue;
        }
        let mut change = |from: String, to: String| {
            let slice = format!("[{from}..{to}]");
            let what = format!("replace {} with {slice}", &code[open..=close]);
            let new = format!("{}{slice}{}", &code[..open], &code[close + 1..]);
            add(what, new);
        };
        if !to.is_empty() {
            change(from.to_string(), format!("{to} + 1"));
            change(from.to_string(), format!("{to} - 1"));
            change(from.to_string(), String::new());
        }
        if !from.is_empty() {
            change(format!("{from} + 1"), to.to_string());
            change(String::new(), to.to_string());
        } else if !to.is_empty() {
            change(to.to_string(), String::new());
        }
    }
}

/// A number: one more.
fn numbers(code: &str, add: &mut impl FnMut(String, String)) {
    let text = |at: usize| code[..at].matches('"').count() % 2 == 1;
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let mut at = 0;
    while let Some(found) = code[at..].find(|c: char| c.is_ascii_digit()) {
        let begin = at + found;
        let length =
            code[begin..].find(|c: char| !c.is_ascii_digit() && c != '_');
        let end = length.map_or(code.len(), |length| begin + length);
        at = end;
        // Part of a name or of a fraction; or what a buffer is filled with.
        let alone =
            !code[..begin].ends_with(part) && !code[end..].starts_with(part);
        let filling =
            code[..begin].ends_with('[') && code[end..].starts_with(';');
        let digits = code[begin..end].replace('_', "");
        if let Ok(number) = digits.parse::<u64>()
            && alone
            && !filling
            && !text(begin)
        {
            let new =
                format!("{}{}{}", &code[..begin], number + 1, &code[end..]);
            add(
                format!(
                    "replace {number} with {} in {}",
                    number + 1,
                    code.trim()
                ),
                new,
            );
        }
    }
}

/// Two arguments that are names or numbers, in the other order.
fn arguments(code: &str, add: &mut impl FnMut(String, String)) {
    if code.contains("fn ") {
        return;
    }
    for (open, _) in code.match_indices('(') {
        let Some(close) = code[open..].find(')').map(|to| open + to) else {
            continue;
        };
        let inside = &code[open + 1..close];
        let simple =
            |c: char| c.is_ascii_alphanumeric() || "_, &.*".contains(c);
        let called = code[..open]
            .ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if let Some((one, two)) = inside.split_once(", ")
            && !two.contains(',')
            && called
            && inside.chars().all(simple)
        {
            let new = format!(
                "{}({two}, {one}){}",
                &code[..open],
                &code[close + 1..]
            );
            add(format!("swap {one} and {two} in {}", code.trim()), new);
        }
    }
}

/// Another kind of error.
fn kinds(code: &str, add: &mut impl FnMut(String, String)) {
    for (at, name) in code.match_indices("ErrorKind::") {
        let kind = &code[at + name.len()..];
        let length = kind.find(|c: char| !c.is_ascii_alphanumeric());
        let (kind, rest) = kind.split_at(length.unwrap_or(kind.len()));
        let other = if kind == "Unsupported" { "Other" } else { "Unsupported" };
        let new = format!("{}{name}{other}{rest}", &code[..at]);
        add(format!("replace {kind} with {other} in {}", code.trim()), new);
    }
}

#[cfg(test)]
mod tests {
    use super::changes;

    /// The lines that this line becomes.
    fn become_of(line: &str) -> Vec<String> {
        changes(line).into_iter().map(|(_, _, line)| line).collect()
    }

    #[test]
    fn each_operator_makes_what_a_person_would_write() {
        let all = become_of("    s.send_to(data, to)?; // Out.");
        assert_eq!(
            all,
            [
                " // Out.",
                "    s.send_to(data, to)?;\n    s.send_to(data, to)?; // Out.",
                "    s.send_to(data, to).unwrap(); // Out.",
                "    let _ = s.send_to(data, to); // Out.",
                "    s.send_to(to, data)?; // Out.",
            ]
        );
        assert_eq!(
            become_of("let data = &buffer[..n];"),
            [
                "let data = &buffer[..n + 1];",
                "let data = &buffer[..n - 1];",
                "let data = &buffer[..];",
                "let data = &buffer[n..];",
            ]
        );
        assert_eq!(
            become_of("const WAIT: Duration = Duration::from_secs(1);"),
            ["const WAIT: Duration = Duration::from_secs(2);"]
        );
        assert_eq!(
            become_of("Err(e) if e.kind() == ErrorKind::TimedOut => x(),"),
            ["Err(e) if e.kind() == ErrorKind::Unsupported => x(),"]
        );
        assert!(become_of("let mut buffer = [0; BYTES];").is_empty());
        assert!(become_of("/// s.send(1)?;").is_empty());
    }
}
