//! Somebody else's XDP program, which passes every frame.

use std::path::Path;

use anyhow::Result;

use crate::bpf::Program;

/// Loads the program and pins it at `path`.
pub fn pin(path: &Path) -> Result<()> {
    Program::pass("other_folk")?.pin(path)
}
