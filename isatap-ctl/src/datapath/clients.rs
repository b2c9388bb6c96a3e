//! Hosts that use what this router told them, beyond the life of the process that did.

use std::{net::Ipv4Addr, path::Path, time::Duration};

use aya::maps::{HashMap, MapData};
use isatap_common::{abi::Client, addr::Ipv4};

use super::{
    DatapathError,
    maps::{self, CLIENTS},
};
use crate::{clock::Boottime, nd::router::Answered};

/// The map `CLIENTS`.
pub struct Clients(HashMap<MapData, Ipv4, Client>);

impl Clients {
    pub(super) const fn new(map: HashMap<MapData, Ipv4, Client>) -> Self {
        Self(map)
    }

    /// Those pinned in `directory`; nothing where there are none, or none that this build can read.
    pub fn pinned(directory: &Path) -> Result<Option<Self>, DatapathError> {
        Ok(maps::pinned(&CLIENTS, directory)?.map(Self))
    }

    /// Every host, whether or not its time is over.
    pub fn all(&self) -> Vec<Answered> {
        let entries = self.0.iter().take(CLIENTS.entries as usize);
        entries
            .filter_map(Result::ok)
            .map(|(host, client)| answered(host, &client))
            .collect()
    }

    /// How many advertisements a second were allowed when a host was last told something.
    pub fn rate(&self) -> Option<u32> {
        let entries = self.0.iter().take(CLIENTS.entries as usize);
        let clients = entries.filter_map(Result::ok).map(|(_, client)| client);
        let latest = clients.max_by_key(|client| client.answered);
        latest.map(|client| client.rate)
    }

    /// Notes what is known of a host, and how many advertisements a second are allowed.
    pub fn remember(&mut self, host: &Answered, rate: u32) -> Result<(), DatapathError> {
        let client = Client {
            since: nanoseconds(host.since),
            answered: nanoseconds(host.at),
            until: nanoseconds(host.until),
            host: host.address.octets(),
            router: host.router.octets(),
            rate,
            reserved: 0,
        };
        Ok(self.0.insert(host.host.octets(), client, 0)?)
    }

    /// Forgets a host, which need not be there.
    pub fn forget(&mut self, host: Ipv4Addr) {
        let _ = self.0.remove(&host.octets());
    }
}

fn answered(host: Ipv4, client: &Client) -> Answered {
    Answered {
        host: host.into(),
        address: client.host.into(),
        router: client.router.into(),
        since: Duration::from_nanos(client.since),
        at: Duration::from_nanos(client.answered),
        until: Duration::from_nanos(client.until),
    }
}

pub(super) fn nanoseconds(time: Boottime) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
