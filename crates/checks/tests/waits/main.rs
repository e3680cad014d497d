//! Tests that mostly wait, for time-outs and for a network that loses much, in
//! one program: cargo runs the test programs one after the other, but the tests
//! of one program side by side.

mod rtt_client;
mod rtt_reflector;
mod zchat_link;
