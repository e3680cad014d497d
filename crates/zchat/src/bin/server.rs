//! Chat server: waits for a peer, then chats with it.
//!
//! Run:  cargo run -p zchat --bin server
//! Then: cargo run -p zchat --bin client
//!
//! /quit, Ctrl-D (on Windows Ctrl-Z, Enter) or Ctrl-C leaves.
//!
//! --host    address or name to listen on (localhost)
//! --port    port to listen on, 0 to 65535; 0: any (3502)
//! --window  at most so many frames on the way, 1 to 16 (16)
//! --stats   say at the end what was sent and received

const HOST: &str = "localhost";
const PORT: u16 = 3502;

fn main() -> common::Result<()> {
    // 1. Read the command line.
    let mut args = common::Args::new(include_str!("server.rs"));
    let host: String = args.option("--host", HOST);
    let port: u16 = args.option("--port", PORT);
    let window = args.option("--window", 16_u16);
    args.require((1..=16).contains(&window), "--window: 1 to 16");
    let stats = args.flag("--stats");
    args.finish();

    // 2. Make a socket, and bind it to the address and port.
    let s = zchat::chat::listen(&host, port)?;

    // 3. Chat with whoever calls.
    zchat::chat::run(s, vec![], window, stats)
}
