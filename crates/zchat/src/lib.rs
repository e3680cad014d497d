//! A chat for two over UDP that loses nothing, shows nothing twice, and keeps
//! the order, whatever the network does. Nothing is secret: anyone on the path
//! can read and forge.
//!
//! | module | its business |
//! |---|---|
//! | [`frame`] | what stands in one datagram: packed, checked, compressed |
//! | [`flight`] | a frame in flight: when it is sent again, how long its answer took |
//! | [`window`] | what is on its way: our frames in flight, the peer's that came early |
//! | [`session`] | the conversation: what is confirmed, what is sent again |
//! | [`chat`] | the terminal, the socket and the clock around a session |

#[cfg(not(target_family = "wasm"))]
pub mod chat;
pub mod flight;
pub mod frame;
pub mod session;
pub mod window;

#[cfg(test)]
mod tests;
