//! rtt-rfc2681: its numbers, its programs, and the programs of others.

mod client;
mod counts;
mod paused;
mod peers;
mod reflector;
mod twin;
