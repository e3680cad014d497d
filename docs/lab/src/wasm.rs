//! What JavaScript calls. The question's bytes go into [`room`], `answer` says
//! how long the answer is, which then lies in the same place.

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
