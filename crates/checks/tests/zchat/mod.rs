//! zchat: its frames, its session in virtual time, and its programs.

/// Each test once for each language.
macro_rules! in_both_languages {
    ($($test:ident)*) => {
        mod rust {
            $(#[test] fn $test() { super::$test(checks::Language::Rust) })*
        }
        mod python {
            $(#[test] fn $test() { super::$test(checks::Language::Python) })*
        }
    };
}

// Without a process: the frames, and both languages' sessions.
mod conversations;
mod dissector;
mod figures;
mod frame;
mod lab;
mod numbers;
mod script;
mod side;
mod virtual_time;
mod world;

// The programs, known by nothing but what they send, print, and say when they
// end.
mod datagrams;
mod input;
mod machine;
pub mod programs;
mod strangers;
mod terminal;
