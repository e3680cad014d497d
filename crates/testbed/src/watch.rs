//! No process outlives the test program that started it, not even when that is
//! killed.
//!
//! All that a program starts is one process group. Its first member is a shell
//! that reads from a pipe; we alone hold the pipe's other end. When we end, in
//! whatever way, the system closes it: so the shell's `read` ends, and the shell
//! kills its group, itself included.
//!
//! On Windows, std has no such means: there a killed test program leaves what it
//! had started. (One that ends by itself has ended its programs before.)

use std::process::Command;

/// Makes what `command` will start a member of our group.
///
/// # Panics
/// If this system has no `/bin/sh`.
#[cfg(unix)]
pub fn watched(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Stdio};
    use std::sync::LazyLock;

    static FIRST: LazyLock<Child> = LazyLock::new(|| {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "read end; kill -KILL 0"]).process_group(0);
        shell.stdin(Stdio::piped());
        shell.stdout(Stdio::null()).stderr(Stdio::null());
        #[allow(clippy::disallowed_methods)] // testbed::spawn calls this.
        shell.spawn().expect("every Unix has /bin/sh")
    });
    let group = FIRST.id().try_into().expect("a process number is an i32");
    command.process_group(group);
}

/// Does nothing.
#[cfg(not(unix))]
pub fn watched(_: &mut Command) {}
