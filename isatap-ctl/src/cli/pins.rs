use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use aya::maps::{Map, MapData, MapInfo};
use isatap_common::abi::LAYOUT;

use super::Failure;

/// Below this every interface has a directory.
pub(super) const ROOT: &str = "/sys/fs/bpf/isatap";

/// The pinned maps of one interface, which outlive the daemon.
pub(super) struct Pins {
    directory: PathBuf,
}

impl Pins {
    /// The maps of `interface`; an error with [`super::exit::NOTHING_RUNNING`] if there are none.
    pub fn of(interface: &str) -> Result<Self> {
        let above = Path::new(ROOT).join(interface);
        let directory = above.join(format!("v{LAYOUT}"));
        match std::fs::metadata(&directory) {
            Ok(_) => Ok(Self { directory }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(absent(interface, &above).into())
            }
            Err(error) => {
                Err(error).with_context(|| format!("cannot read {}", directory.display()))
            }
        }
    }

    /// Where they are.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether the map `name` is pinned.
    pub fn has(&self, name: &str) -> bool {
        self.directory.join(name).exists()
    }

    /// How many entries the map `name` holds at most.
    pub fn max_entries(&self, name: &str) -> Result<u32> {
        let path = self.directory.join(name);
        let info = MapInfo::from_pin(&path);
        let info = info.with_context(|| format!("cannot open the map {}", path.display()))?;
        Ok(info.max_entries())
    }

    /// Opens the map `name`.
    pub fn open(&self, name: &str) -> Result<Map> {
        let path = self.directory.join(name);
        let data = MapData::from_pin(&path);
        let data = data.with_context(|| format!("cannot open the map {}", path.display()))?;
        Map::from_map_data(data).with_context(|| format!("{} is no map of ours", path.display()))
    }

    /// Opens the map `name` as what it must be.
    pub fn typed<M>(&self, name: &str) -> Result<M>
    where
        M: TryFrom<Map, Error = aya::maps::MapError>,
    {
        match M::try_from(self.open(name)?) {
            Ok(map) => Ok(map),
            Err(error) => bail!("the map {name} has another layout than this program: {error}"),
        }
    }
}

/// Pins of another version are no maps that we can read.
fn absent(interface: &str, above: &Path) -> Failure {
    let failure = Failure::nothing_running(interface);
    let mut others = std::fs::read_dir(above).into_iter().flatten().flatten();
    match others.next() {
        Some(other) => failure.hint(format!(
            "{} belongs to another version of isatap-ctl",
            other.path().display()
        )),
        None => failure,
    }
}
