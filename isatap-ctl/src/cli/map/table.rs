use anyhow::Result;
use clap::ValueEnum;
use clap::builder::PossibleValue;
use isatap_common::abi;

use crate::cli::pins::Pins;

/// The maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    Prl,
    Peers,
    Clients,
    Told,
    NextHops,
    Locators,
    Prefixes,
    Routes,
    KnownIpv4,
    Links,
    Uncached,
    Probes,
    Solicits,
    Counters,
    Events,
    Config,
}

impl Table {
    pub const ALL: &'static [Self] = &[
        Self::Prl,
        Self::Peers,
        Self::Clients,
        Self::Told,
        Self::NextHops,
        Self::Locators,
        Self::Prefixes,
        Self::Routes,
        Self::KnownIpv4,
        Self::Links,
        Self::Uncached,
        Self::Probes,
        Self::Solicits,
        Self::Counters,
        Self::Events,
        Self::Config,
    ];

    /// As it is pinned.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prl => "PRL",
            Self::Peers => "PEERS",
            Self::Clients => "CLIENTS",
            Self::Told => "TOLD",
            Self::NextHops => "NEXT_HOPS",
            Self::Locators => "LOCATORS",
            Self::Prefixes => "PREFIXES",
            Self::Routes => "ROUTES",
            Self::KnownIpv4 => "KNOWN_IPV4",
            Self::Links => "LINKS",
            Self::Uncached => "UNCACHED",
            Self::Probes => "PROBES",
            Self::Solicits => "SOLICITS",
            Self::Counters => "COUNTERS",
            Self::Events => "EVENTS",
            Self::Config => "CONFIG",
        }
    }

    /// What it is keyed by.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Prl => "router IPv4",
            Self::Peers => "embedded IPv4",
            Self::Clients => "host IPv4",
            Self::NextHops => "inner IPv6, CPU",
            Self::Locators => "interface, our IPv4",
            Self::Told | Self::Prefixes | Self::Routes => "IPv6 prefix",
            Self::KnownIpv4 => "IPv4 prefix",
            Self::Links => "interface",
            Self::Uncached => "direction and what is known",
            Self::Counters => "direction, layer, reason",
            Self::Solicits => "bucket",
            Self::Events => "none",
            Self::Probes | Self::Config => "one record",
        }
    }

    /// What it says about a key.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Prl => "source, expiry, preference",
            Self::Peers => "last heard and sent, path MTU, traffic, reachability",
            Self::Clients => "addresses, advertised to when, until when",
            Self::Told => "until when hosts may use the route",
            Self::NextHops => "forwarding cache",
            Self::Locators => "slot, MTU",
            Self::Prefixes => "expiry",
            Self::Routes => "next-hop IPv4",
            Self::KnownIpv4 => "standing",
            Self::Links => "NIC that may be redirected to",
            Self::Uncached => "program for frames that no cache knows",
            Self::Solicits => "when as many strangers may solicit at once as ever",
            Self::Probes => "when as many hosts may be probed at once as ever",
            Self::Counters => "packets, bytes",
            Self::Events => "ring of records",
            Self::Config => "role, switches, generation",
        }
    }

    /// How many entries, or bytes of a ring, it holds at most.
    pub fn max(self, pins: &Pins) -> Result<u32> {
        Ok(match self {
            Self::Prl => abi::PRL_LEN,
            Self::Peers => pins.max_entries(self.name())?,
            Self::Clients => abi::CLIENTS_LEN,
            Self::Told => abi::TOLD_LEN,
            Self::NextHops => abi::SOURCES_LEN + abi::NEXT_HOPS_LEN + 2 * abi::BLOCKS_LEN,
            Self::Locators => abi::LOCATORS_LEN,
            Self::Prefixes => abi::PREFIXES_LEN,
            Self::Routes => abi::ROUTES_LEN,
            Self::KnownIpv4 => abi::KNOWN_IPV4_LEN,
            Self::Links => abi::LINKS_LEN,
            Self::Uncached => abi::UNCACHED_LEN,
            Self::Solicits => abi::SOLICITS_LEN,
            Self::Counters => abi::COUNTERS_LEN,
            Self::Events => abi::EVENTS_LEN,
            Self::Probes | Self::Config => 1,
        })
    }
}

impl ValueEnum for Table {
    fn value_variants<'a>() -> &'a [Self] {
        Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}
