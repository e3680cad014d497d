//! The programs of this folder: what each prints, shows and refuses.
//!
//! They are part of `cargo test -p checks --test programs`: so whoever runs an
//! example builds nothing that tests need.

mod chat_page;
mod noisy_link;
mod options;
mod sockets;
mod udp;
mod udp_header;
