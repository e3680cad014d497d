//! The small files of `examples`.

mod options;
mod sockets;
mod udp;
pub mod udp_header;
