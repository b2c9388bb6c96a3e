//! Name servers for a site, and what sends a machine to them.

mod faulty;
mod server;

use std::{fs, net::Ipv4Addr, path::Path};

use anyhow::{Context as _, Result};

pub use faulty::{Fault, FaultyServer};
pub use server::Server;

/// The name of the site's routers.
pub const NAME: &str = "isatap.example.test";

/// Writes a resolv.conf that names `server`, and a search list that nobody may use.
pub fn write_resolv_conf(path: &Path, server: Ipv4Addr) -> Result<()> {
    let text = format!("nameserver {server}\nsearch search.test\noptions timeout:1 attempts:1\n");
    fs::write(path, text).with_context(|| path.display().to_string())
}
