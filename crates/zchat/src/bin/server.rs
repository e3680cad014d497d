//! Chat server: waits for a peer, then chats with it.
//!
//! Run:  cargo run -p zchat --bin server
//! Then: cargo run -p zchat --bin client

const HOST: &str = "localhost"; // Address or name to listen on.
const PORT: u16 = 3502; // Port to listen on.

fn main() -> common::Result<()> {
    // 1. Read the command line.
    let mut args = common::Args::new();
    let host: String = args.option("--host", HOST);
    let port: u16 = args.option("--port", PORT);
    let stats = args.flag("--stats");
    args.finish();

    // 2. Make a socket, and bind it to the address and port.
    let s = zchat::chat::listen(&host, port)?;

    // 3. Chat with whoever calls.
    zchat::chat::run(s, vec![], stats)
}
