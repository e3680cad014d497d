//! The bad link: its program, and zchat through it.
//!
//! These tests wait longest, and tests start in the order of their names: so
//! the others run meanwhile.

mod noisy_link;
mod zchat;
