//! zchat: its frames, its conversations in virtual time, and its programs.

mod dissector;
mod figures;
mod frame;
mod link;
mod terminal;
mod virtual_time;
