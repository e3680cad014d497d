//! What stands on the pages: the book in `docs/`, the READMEs, the commands
//! that they show. The runs that they show are in `book_runs`.

mod commands;
mod lists;
mod pages;
mod pictures;
mod readmes;
