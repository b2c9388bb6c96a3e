//! TBD
pub mod bpffs {
    pub fn mount() -> std::io::Result<()> {
        Ok(())
    }
}
