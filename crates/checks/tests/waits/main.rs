//! Tests that mostly wait, for time-outs and for a network that loses much, in
//! one program: cargo runs the test programs one after the other, but the tests
//! of one program side by side.

// Tests start in the order of their names: the longest first.
#[path = "zchat_link.rs"]
mod bad_zchat_link;

mod daytime;
mod examples_udp;
mod options;
mod rtt_client;
mod rtt_reflector;
