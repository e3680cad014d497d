//! What several examples need, beside the programs themselves.
//!
//! | module | its business |
//! |---|---|
//! | [`capture`] | a capture's frames, and the UDP datagram in each |
//! | [`columns`] | text in columns |
//! | [`meaning`] | what a datagram of the workshop's protocols means |
//! | [`view`] | what passes through the bad link: a ladder, a capture, a picture |

pub mod capture;
pub mod columns;
pub mod meaning;
pub mod view;
