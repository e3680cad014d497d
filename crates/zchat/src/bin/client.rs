//! Chat client: calls a peer, then chats with it.
//!
//! Run:   cargo run -p zchat --bin client
//! First: cargo run -p zchat --bin server
//!
//! /quit, Ctrl-D (on Windows Ctrl-Z, Enter) or Ctrl-C leaves.
//!
//! --host    the server's name or address (localhost)
//! --port    its port, 1 to 65535 (3502)
//! --window  at most so many frames on the way, 1 to 16 (16)
//! --stats   say at the end what was sent and received
//! ADDRESS   the same as --host ADDRESS

const HOST: &str = "localhost";
const PORT: u16 = 3502;

fn main() -> common::Result<()> {
    // 1. Read the command line.
    let mut args = common::Args::new(include_str!("client.rs"));
    let host: String = args.option("--host", HOST);
    let port: u16 = args.option("--port", PORT);
    let window = args.option("--window", 16_u16);
    args.require((1..=16).contains(&window), "--window: 1 to 16");
    let stats = args.flag("--stats");
    let host = args.argument("ADDRESS").unwrap_or(host);
    args.finish();

    // 2. Make a socket, and look the addresses up.
    let (s, addresses) = zchat::chat::dial(&host, port)?;

    // 3. Call them, and chat with whoever answers.
    zchat::chat::run(s, addresses, window, stats)
}
