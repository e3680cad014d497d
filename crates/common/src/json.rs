//! JSON (RFC 8259), as much as is needed to write it. (A library for it would
//! be half of what a browser has to load for `docs/lab`.)

/// A string, between its quotes.
pub fn string(text: &str) -> String {
    let mut json = "\"".to_string();
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            // Also what ends a line in JavaScript.
            '\0'..' ' | '\u{2028}' | '\u{2029}' => {
                json += &format!("\\u{:04x}", u32::from(c));
            }
            _ => json.push(c),
        }
    }
    json + "\""
}

/// A list of what is JSON already.
pub fn list(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<_> = parts.collect();
    format!("[{}]", parts.join(","))
}

/// An object: names that need no escapes, and what is JSON already.
pub fn object(pairs: &[(&str, String)]) -> String {
    let pairs = pairs.iter().map(|(name, json)| format!("\"{name}\":{json}"));
    let pairs: Vec<_> = pairs.collect();
    format!("{{{}}}", pairs.join(","))
}

/// What is there, or `null`.
pub fn or_null(json: Option<String>) -> String {
    json.unwrap_or_else(|| "null".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parser_reads_what_was_written() {
        let hard = "\"\\/\0\u{1f}\n</script>ñ\u{2028}👍\u{7f}";
        let json = object(&[
            ("text", list([string(hard), string("")].into_iter())),
            ("none", or_null(None)),
        ]);
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        let expected = serde_json::json!({ "text": [hard, ""], "none": null });
        assert_eq!(read, expected);
        assert!(!json.contains(['\n', '\u{2028}']), "{json}");
    }
}
