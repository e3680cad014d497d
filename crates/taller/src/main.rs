//! The program behind `cargo taller`.

fn main() -> std::process::ExitCode {
    taller::taller()
}
