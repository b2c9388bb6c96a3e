//! When a host asked its routers, as its NICs saw it.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;

use crate::ns::Inside;
use crate::process::Process;

/// The time of day, as captures have it.
#[derive(Clone, Copy, Debug)]
pub struct Moment(Duration);

impl Moment {
    /// Of this moment.
    pub fn now() -> Result<Self> {
        Ok(Self(SystemTime::now().duration_since(UNIX_EPOCH)?))
    }

    /// The time since then.
    pub fn elapsed(self) -> Result<Duration> {
        Ok(Self::now()?.0.saturating_sub(self.0))
    }
}

/// Router Solicitations in the tunnel packets of a host, from now on.
#[derive(Debug)]
pub struct Solicitations {
    watch: Process,
}

impl Solicitations {
    /// Looks at all NICs of the host; what is seen goes to `log`.
    pub fn watch(host: &Inside, log: &Path) -> Result<Self> {
        let words =
            "tcpdump -Z root -n -tt -l -i any --immediate-mode ip proto 41 and ip[60] = 133";
        let watch = host.start(words, log)?;
        Ok(Self { watch })
    }

    /// How long after `since` the first one left `from`.
    pub fn first(&self, from: Ipv4Addr, since: Moment) -> Option<Duration> {
        let from = format!(" {from} > ");
        let printed = self.watch.printed();
        let lines = printed.lines().filter(|line| line.contains(&from));
        let seconds = lines.filter_map(|line| line.split(' ').next()?.parse().ok());
        let mut later = seconds.filter_map(|seconds| {
            let stamp = Duration::try_from_secs_f64(seconds).ok()?;
            stamp.checked_sub(since.0)
        });
        later.next()
    }

    /// All that was seen.
    pub fn printed(&self) -> String {
        self.watch.printed()
    }
}
