use std::net::{Ipv4Addr, Ipv6Addr};

use isatap_common::abi::{
    Client, Config, Locator, LocatorKey, Peer, Prefix, PrlEntry, Probes, Route, StandingEntry,
    Switches,
};

use super::entry::Fields;
use super::key::Key;
use crate::cli::{deadline, ifname, words};
use crate::clock::Boottime;

/// A value as people read it.
pub(super) trait Meaning: aya::Pod {
    fn fields(&self, now: Boottime) -> Fields;
}

impl Meaning for PrlEntry {
    fn fields(&self, now: Boottime) -> Fields {
        let preference = words::preference(self.preference);
        Fields::new()
            .with("source", words::source(self.source))
            .with("ttl_seconds", deadline::left(self.deadline, now))
            .with("preference", words::preference_name(preference))
    }
}

impl Meaning for Peer {
    fn fields(&self, now: Boottime) -> Fields {
        let known = self.path_mtu != 0;
        let left = deadline::left(self.path_mtu_deadline, now);
        Fields::new()
            .with("last_heard_seconds", deadline::since(self.last_heard, now))
            .with("last_sent_seconds", deadline::since(self.last_sent, now))
            .with("packets_in", self.packets_in)
            .with("bytes_in", self.bytes_in)
            .with("packets_out", self.packets_out)
            .with("bytes_out", self.bytes_out)
            .with("path_mtu", known.then_some(self.path_mtu))
            .with("path_mtu_seconds", left.filter(|_| known))
            .with("reachability", words::reachability(self.reachability))
            .with(
                "local",
                (self.local != [0; 4]).then(|| Ipv4Addr::from(self.local).to_string()),
            )
            .with("held", (self.held != 0).then_some(self.held))
    }
}

impl Meaning for Client {
    fn fields(&self, now: Boottime) -> Fields {
        let address = |octets: [u8; 16]| Ipv6Addr::from(octets).to_string();
        Fields::new()
            .with("address", address(self.host))
            .with("router", address(self.router))
            .with("since_seconds", deadline::since(self.since, now))
            .with("answered_seconds", deadline::since(self.answered, now))
            .with("until_seconds", deadline::left(self.until, now))
            .with("rate", self.rate)
    }
}

impl Meaning for Probes {
    fn fields(&self, now: Boottime) -> Fields {
        let left = deadline::left(self.full_at, now);
        Fields::new().with("full_in_seconds", left.unwrap_or_default())
    }
}

impl Meaning for Locator {
    fn fields(&self, _now: Boottime) -> Fields {
        Fields::new().with("slot", self.slot).with("mtu", self.mtu)
    }
}

impl Meaning for Prefix {
    fn fields(&self, now: Boottime) -> Fields {
        Fields::new().with("valid_seconds", deadline::left(self.deadline, now))
    }
}

impl Meaning for Route {
    fn fields(&self, _now: Boottime) -> Fields {
        let is_ours = self.via == Self::OURS_ELSEWHERE;
        let via = (!is_ours).then(|| Ipv4Addr::from(self.via).to_string());
        Fields::new().with(
            "via",
            via.as_deref().unwrap_or("none: it embeds our IPv4 address"),
        )
    }
}

impl Meaning for StandingEntry {
    fn fields(&self, _now: Boottime) -> Fields {
        Fields::new().with("standing", words::standing(self.standing()))
    }
}

impl Meaning for Config {
    fn fields(&self, _now: Boottime) -> Fields {
        let count = usize::from(self.locator_count);
        let locators = self.locators.iter().take(count).map(|locator| {
            let key = LocatorKey {
                ifindex: locator.ifindex,
                ipv4: locator.ipv4,
            };
            key.text()
        });
        Fields::new()
            .with("role", if self.is_router() { "router" } else { "host" })
            .with("device", ifname::of(self.device))
            .with("mtu", self.mtu)
            .with("ttl", self.ttl)
            .with("probe_interval", self.probe_interval)
            .with("switches", switches(self.switches()))
            .with("generation", self.generation)
            .with("fresh_jiffies", self.fresh_jiffies)
            .with("locators", locators.collect::<Vec<_>>())
    }
}

fn switches(set: Switches) -> Vec<&'static str> {
    let words = [
        (Switches::COPY_DSCP, "copy_dscp"),
        (Switches::DROP_NESTED, "drop_nested"),
        (Switches::NO_HAIRPIN, "no_hairpin"),
        (Switches::DECAP_L3, "decap_l3"),
        (Switches::FORWARDS, "forwards"),
        (Switches::NEIGHBOR_CHECK, "neighbor_check"),
        (Switches::SIX_RD, "six_rd"),
        (Switches::DYNAMIC_MTU, "dynamic_mtu"),
    ];
    let on = words.into_iter().filter(|(switch, _)| set.has(*switch));
    on.map(|(_, word)| word).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use isatap_common::abi::{LocatorRef, MAX_LOCATORS, Standing};

    use super::*;
    use crate::cli::map::entry::Entry;

    const NOW: Boottime = Duration::from_secs(1000);

    fn seconds(seconds: u64) -> u64 {
        seconds * 1_000_000_000
    }

    fn config() -> Config {
        let mut locators = [LocatorRef::default(); MAX_LOCATORS];
        locators[0] = LocatorRef {
            ifindex: 4_000_000,
            ipv4: [10, 0, 0, 1],
        };
        Config {
            generation: 7,
            fresh_jiffies: 250,
            device: 4_000_001,
            role: 1,
            ttl: 64,
            switches: Switches::COPY_DSCP.with(Switches::NO_HAIRPIN).0,
            mtu: 1480,
            probe_interval: 20_000_000,
            locator_count: 1,
            locators,
        }
    }

    #[test]
    fn every_value_reads_by_meaning() {
        let peer = Peer {
            last_heard: seconds(990),
            path_mtu: 1400,
            path_mtu_deadline: seconds(1600),
            packets_in: 3,
            bytes_in: 300,
            reachability: 1,
            ..Peer::default()
        };
        let prl = PrlEntry {
            deadline: seconds(1060),
            source: 1,
            preference: -1,
        };
        let client = Client {
            since: seconds(900),
            answered: seconds(999),
            until: seconds(2799),
            host: "fe80::5efe:a01:2".parse::<Ipv6Addr>().unwrap().octets(),
            router: "fe80::5efe:a09:2".parse::<Ipv6Addr>().unwrap().octets(),
            rate: 1000,
            reserved: 0,
        };
        let fields = [
            prl.fields(NOW),
            peer.fields(NOW),
            Peer::default().fields(NOW),
            Locator { slot: 0, mtu: 1500 }.fields(NOW),
            Prefix { deadline: u64::MAX }.fields(NOW),
            Route { via: [10, 0, 0, 7] }.fields(NOW),
            StandingEntry::from(Standing::Martian).fields(NOW),
            config().fields(NOW),
            Probes {
                full_at: seconds(1001),
            }
            .fields(NOW),
            client.fields(NOW),
        ];
        let entries = fields.map(|fields| Entry {
            key: "the key".to_owned(),
            fields,
        });
        insta::assert_json_snapshot!(entries);
    }
}
