//! What stands on the pages: the book in `docs/`, the READMEs, the commands
//! that they show. The runs that they show are in `book_runs`.

mod commands;
mod packages;
mod pages;
mod pictures;
mod ports;
mod readmes;
