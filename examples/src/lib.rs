//! What several examples need, beside the programs themselves.
//!
//! | module | its business |
//! |---|---|
//! | [`capture`] | a capture's frames, and the UDP datagram in each |

pub mod capture;
