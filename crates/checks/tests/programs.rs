//! The programs of the teaching crates and of `examples`, as processes. All are
//! one test program, because most tests wait: meanwhile others compute.

mod bad_link;
mod daytime;
mod examples;
mod options;
mod rtt;
mod udp_echo;
mod zchat;
