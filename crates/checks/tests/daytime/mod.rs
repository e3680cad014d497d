//! daytime-rfc867: its programs, and the servers of others.

mod conversation;
mod peers;
