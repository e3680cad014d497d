//! A file that a test makes.

use std::path::PathBuf;
use std::{env, fs, mem, process};

/// A file of this test's own, removed at the end.
pub struct TestFile(PathBuf);

impl TestFile {
    /// One with these bytes. No other test may have its name.
    pub fn new(name: &str, bytes: &[u8]) -> TestFile {
        let file = format!("checks-{}-{name}", process::id());
        let file = env::temp_dir().join(file);
        fs::write(&file, bytes).expect("the folder for such files takes it");
        TestFile(file)
    }

    /// Its name, with its folder.
    pub fn name(&self) -> String {
        self.0.display().to_string()
    }

    /// Not removed, for whoever looks at it; its name.
    pub fn keep(self) -> String {
        let name = self.name();
        mem::forget(self);
        name
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
