//! The ports where this workshop's servers listen.
//!
//! Each program has its own as a constant besides, as on the slides; a test
//! (`cargo test -p checks --test book ports`) compares all that is written with
//! these.

/// Where the echo server listens.
pub const ECHO: u16 = 3500;

/// Where the reflector for round-trip times listens.
pub const RTT: u16 = 3501;

/// Where the chat listens.
pub const CHAT: u16 = 3502;

/// Where the daytime server listens; RFC 867 has 13, which asks for root.
pub const DAYTIME: u16 = 3513;

/// All of them.
pub const ALL: [u16; 4] = [ECHO, RTT, CHAT, DAYTIME];
