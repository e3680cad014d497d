//! The lab: two sessions of the chat, the bad link between them, and virtual
//! time. The book's page `lab` runs it in the browser (`docs/lab/lab.js`), and
//! the page `udp-header` its [`header`]; nothing of a protocol is written here
//! a second time.
//!
//! | module | its business |
//! |---|---|
//! | [`input`] | a run as text: what a link holds behind its `#` |
//! | [`air`] | the datagrams on their way, and the virtual time |
//! | [`run`] | a run: everything that happens, in order |
//! | [`picture`] | the run as a ladder, in SVG |
//! | [`answer`] | the same for a page, as JSON |
//! | [`header`] | the header of UDP: made, damaged, judged |

pub mod air;
pub mod answer;
pub mod header;
pub mod input;
mod json;
pub mod picture;
pub mod run;
#[cfg(target_family = "wasm")]
mod wasm;
