//! A bad link: it loses, damages, repeats, swaps and delays datagrams, and a
//! seed decides which ones. The same seed gives the same fates.
//!
//! [`Fates`] decides, and knows neither sockets nor a clock. [`BadLink`] is a
//! relay between two real programs:
//!
//! ```text
//!               There: datagram 1, 2, 3 ...
//!            ------------------------------->
//! caller ----> address()  BadLink  a socket for each caller ----> target
//!            <-------------------------------
//!               Back: datagram 1, 2, 3 ...
//! ```
//!
//! Its command line is `examples/noisy_link.rs`. What passes can be drawn
//! ([`ladder`]), and kept as a capture ([`pcap`]). Where time is virtual, it
//! passes in the [`air`].

pub mod air;
mod fates;
pub mod ladder;
pub mod pcap;
mod relay;

pub use fates::{Counts, Direction, Fate, Fates, Shares};
pub use relay::{BadLink, Passing};
