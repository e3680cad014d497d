//! The round-trip delay of RFC 2681, measured with the packets of STAMP
//! (RFC 8762) or with any UDP echo.
//!
//! | module | its business |
//! |---|---|
//! | [`packet`] | what a request and a reply look like |
//! | [`clock`] | the time of day, and when a datagram arrived |
//! | [`schedule`] | when the probes are sent |
//! | [`sample`] | sends the probes, and decides what became of each |
//! | [`stats`] | the statistics of RFC 2681 and RFC 8912 |
//! | [`options`] | the client's command line |
//! | [`mod@calibrate`] | how much of a result is this machine's doing |
//! | [`report`] | the report, and JSON |
//! | [`picture`] | the histogram, and the SVG |

#![deny(unsafe_code)] // But for one call, in `clock`.

pub mod calibrate;
pub mod clock;
pub mod options;
pub mod packet;
pub mod picture;
pub mod report;
pub mod sample;
pub mod schedule;
pub mod stats;

#[cfg(test)]
mod tests;
