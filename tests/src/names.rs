//! What the namespaces and devices of one lab are called, so that several can run at once.

use std::env;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::pins;

/// How names of namespaces and temporary directories begin, the number of the process following.
pub const PREFIX: &str = "isatap-lab-";

/// The names of one lab.
#[derive(Clone, Debug)]
pub struct Names {
    id: String,
    devices: [String; 3],
}

impl Names {
    /// Names that no other lab and no other test has.
    pub fn unique() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let (pid, serial) = (process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self {
            id: format!("{pid}-{serial}"),
            // Device names end at 15 characters.
            devices: [0, 1, 2].map(|node| format!("ist{node}x{pid:x}x{serial:x}")),
        }
    }

    /// The names from the manual, unless somebody on this machine uses them already: pins are kept
    /// by device name, whatever the namespace.
    pub fn plain() -> Self {
        let unique = Self::unique();
        let devices = [0, 1, 2].map(|node| format!("isatap{node}"));
        if devices
            .iter()
            .any(|device| pins::directory(device).exists())
        {
            return unique;
        }
        Self { devices, ..unique }
    }

    /// The namespace of a node.
    pub fn namespace(&self, node: &str) -> String {
        format!("{PREFIX}{}-{node}", self.id)
    }

    /// The directory for configuration files and logs.
    pub fn directory(&self) -> PathBuf {
        env::temp_dir().join(format!("{PREFIX}{}", self.id))
    }

    /// The ISATAP device of the router.
    pub fn router_device(&self) -> &str {
        let [router, ..] = &self.devices;
        router
    }

    /// The ISATAP device of host a.
    pub fn host_a_device(&self) -> &str {
        let [_, host, _] = &self.devices;
        host
    }

    /// The ISATAP device of host b.
    pub fn host_b_device(&self) -> &str {
        let [.., host] = &self.devices;
        host
    }

    /// All three.
    pub fn devices(&self) -> &[String] {
        &self.devices
    }
}
