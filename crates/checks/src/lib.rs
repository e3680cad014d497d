//! What the tests of the teaching crates share: every program of the workshop
//! as a real process, datagrams that no honest program sends, the comparison of
//! twins, and the book.

// These two stand beside the book, as its tests do.
#[path = "../../../docs/tests/shared/book.rs"]
pub mod book;
#[path = "../../../docs/tests/shared/markdown.rs"]
pub mod markdown;

mod file;
mod sockets;
mod start;
pub mod twins;
pub mod zchat;

use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

pub use file::TestFile;
pub use sockets::{Hear, forge, socket};
pub use start::{
    Language, binary, client, command, example, explained, failed_rules, lines,
    server, start, start_example, two_hosts,
};
pub use testbed::{Random, python, root, skipped};

/// Does `work`, and panics with `too_late` (a sentence) if it has not ended
/// after `limit`. A panic inside `work` is passed on.
///
/// The work goes on in a thread of its own; one that never ends stays behind
/// until the test program ends.
pub fn within<T: Send + 'static>(
    limit: Duration,
    too_late: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (done, wait) = channel();
    let worker = thread::spawn(move || {
        let result = work();
        let _ = done.send(());
        result
    });
    match wait.recv_timeout(limit) {
        // Disconnected: the work panicked.
        Ok(()) | Err(RecvTimeoutError::Disconnected) => match worker.join() {
            Ok(result) => result,
            Err(panic) => resume_unwind(panic),
        },
        Err(RecvTimeoutError::Timeout) => panic!("{too_late}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testbed::PATIENCE;

    const SOON: Duration = Duration::from_millis(20);

    #[test]
    fn gives_what_the_work_gives() {
        assert_eq!(within(PATIENCE, "too late", || 7), 7);
    }

    #[test]
    #[should_panic(expected = "nothing came")]
    fn panics_when_the_work_does_not_end() {
        within(SOON, "nothing came", || {
            channel::<()>().1.recv_timeout(PATIENCE).ok();
            thread::park();
        });
    }

    #[test]
    #[should_panic(expected = "the work's own words")]
    fn passes_on_a_panic() {
        within(PATIENCE, "too late", || panic!("the work's own words"));
    }
}
