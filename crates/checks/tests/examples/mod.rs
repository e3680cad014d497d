//! The small files of `examples`.

mod chat_page;
mod options;
mod sockets;
mod udp;
pub mod udp_header;
