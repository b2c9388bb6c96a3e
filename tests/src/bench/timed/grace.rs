//! How long the kernel waits after programs were exchanged, which is longer than a round takes otherwise.

use std::fs;

use anyhow::Result;

const EXPEDITED: &str = "/sys/kernel/rcu_expedited";

/// Grace periods are short as long as this lives. No packet waits for one.
#[derive(Debug)]
pub struct Expedited {
    before: String,
}

impl Expedited {
    /// Makes them short.
    pub fn begin() -> Result<Self> {
        let before = fs::read_to_string(EXPEDITED)?;
        fs::write(EXPEDITED, "1")?;
        Ok(Self { before })
    }
}

impl Drop for Expedited {
    fn drop(&mut self) {
        if let Err(error) = fs::write(EXPEDITED, &self.before) {
            eprintln!("{EXPEDITED} is not what it was: {error}");
        }
    }
}
