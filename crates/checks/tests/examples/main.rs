//! The small files of `examples`.

mod noisy_link;
mod options;
mod sockets;
mod udp;
mod udp_header;
