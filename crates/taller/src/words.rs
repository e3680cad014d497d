//! Words for the student, in English or in Spanish.

/// `format!` of one of two texts, in the student's language.
macro_rules! said {
    ($english:literal, $spanish:literal $(, $value:expr)* $(,)?) => {
        match kit::language() {
            kit::Language::English => format!($english $(, $value)*),
            kit::Language::Spanish => format!($spanish $(, $value)*),
        }
    };
}

/// Writes a line. A closed stdout harms nobody.
macro_rules! line {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}

/// Writes one of two lines, in the student's language.
macro_rules! say_line {
    ($($text:tt)*) => {
        $crate::words::line!("{}", $crate::words::said!($($text)*))
    };
}

pub(crate) use {line, said, say_line};
