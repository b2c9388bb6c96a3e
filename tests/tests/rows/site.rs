//! The site that every row is about. The programs look it up in maps, the pure path searches the
//! tables that the maps are filled from.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::Ipv6Net;
use isatap_common::abi::{
    Config, Locator, LocatorKey, LocatorRef, MAX_LOCATORS, PrlEntry, Role, Route, Switches,
};
use isatap_ctl::datapath::{Nics, Tables, fresh_jiffies, known_ipv4};

use super::packets::{NATIVE_MAC, UPLINK_MAC, v4};

/// Interface indexes of the machine under test.
#[derive(Clone, Copy, Debug)]
pub struct Indexes {
    pub device: u32,
    pub uplink: u32,
    pub native: u32,
}

/// Our address on the uplink.
pub const LOCATOR: [u8; 4] = [10, 9, 0, 2];
/// What a 6rd tunnel with 2001:db9::/32 for 10.0.0.0/8 makes of it.
pub const OUR_SIX_RD: &str = "2001:db9:900:200::/56";

/// A router at 10.9.0.2 with the on-link prefix 2001:db8:0:1::/64, beside the router 10.9.0.3, in
/// a site of 10.0.0.0/8, with 2001:db8:77::/48 behind 10.1.0.7; or, in the same place, a host.
pub fn tables(role: Role, switches: Switches, indexes: Indexes) -> Tables {
    let mut locators = [LocatorRef::default(); MAX_LOCATORS];
    locators[0] = LocatorRef {
        ifindex: indexes.uplink,
        ipv4: LOCATOR,
    };
    let router = PrlEntry {
        deadline: u64::MAX,
        source: 0,
        preference: 0,
    };
    Tables {
        config: Config {
            generation: 0,
            fresh_jiffies: fresh_jiffies(),
            device: indexes.device,
            role: role as u8,
            ttl: 64,
            switches: switches.0,
            mtu: 1480,
            probe_interval: 20_000_000,
            locator_count: 1,
            locators,
        },
        prl: BTreeMap::from([(v4("10.9.0.3"), router)]),
        locators: BTreeMap::from([(
            LocatorKey {
                ifindex: indexes.uplink,
                ipv4: LOCATOR,
            },
            Locator { slot: 0, mtu: 1500 },
        )]),
        prefixes: BTreeMap::from([
            (net("2001:db8:0:1::/64"), u64::MAX),
            (net("fe80::/64"), u64::MAX),
            (net("2001:db8:0:dead::/64"), 1),
        ]),
        // The last would make a liar of an on-link prefix, if it counted.
        routes: BTreeMap::from([
            (net("2001:db8:77::/48"), v4("10.1.0.7")),
            (net("2001:db8:77:8::/64"), v4("10.2.0.8")),
            (net("2001:db8:0:1::/64"), v4("10.1.0.7")),
            (net(OUR_SIX_RD), Route::OURS_ELSEWHERE.into()),
        ]),
        known_ipv4: known_ipv4(
            &["10.0.0.0/8".parse().unwrap()],
            &["10.9.0.2/24".parse().unwrap()],
        ),
        links: BTreeSet::from([indexes.uplink, indexes.native]),
        nics: Nics::new(&BTreeMap::from([
            (indexes.uplink, UPLINK_MAC),
            (indexes.native, NATIVE_MAC),
        ])),
    }
}

fn net(text: &str) -> Ipv6Net {
    text.parse().unwrap()
}
