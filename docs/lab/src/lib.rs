//! The lab: two sessions of the chat, the bad link between them, and virtual
//! time. The book's page `lab` runs it in the browser (`docs/lab/lab.js`), and
//! the page `udp-header` its [`header`]; nothing of a protocol is written here
//! a second time.
//!
//! | module | its business |
//! |---|---|
//! | [`input`] | a run as text: what a link holds behind its `#` |
//! | [`run`] | a run: everything that happens, in order |
//! | [`known`] | what a session knows at a moment |
//! | [`picture`] | the run as a ladder, in SVG |
//! | [`answer`] | the same for a page, as JSON |
//! | [`header`] | the header of UDP: made, damaged, judged |

pub mod answer;
pub mod header;
pub mod input;
pub mod known;
pub mod picture;
pub mod run;

/// What JavaScript calls. The question's bytes go into [`room`], `answer` says
/// how long the answer is, which then lies in the same place.
#[cfg(target_family = "wasm")]
mod wasm {
    use std::cell::RefCell;

    thread_local! {
        static TEXT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }

    /// A place for so many bytes; with 0, where the answer begins.
    // Nothing else has this name, and its two numbers need no conversion.
    #[allow(unsafe_code)]
    #[unsafe(no_mangle)]
    extern "C" fn room(bytes: usize) -> *mut u8 {
        TEXT.with_borrow_mut(|text| {
            if bytes > 0 {
                text.resize(bytes, 0);
            }
            text.as_mut_ptr()
        })
    }

    /// Replaces the question by its answer, and gives the answer's length.
    // As above.
    #[allow(unsafe_code)]
    #[unsafe(no_mangle)]
    extern "C" fn answer() -> usize {
        TEXT.with_borrow_mut(|text| {
            let question = String::from_utf8_lossy(text).into_owned();
            *text = crate::answer::answer(&question).into_bytes();
            text.len()
        })
    }
}
