//! `[[router.mapping]]`: prefixes behind hosts of the link.

use std::net::Ipv4Addr;

use ipnet::Ipv6Net;

use super::schema::Table;
use super::settings::{AdvertisedPrefix, Datapath, Interface, Mapping};
use super::{prefix, value};

/// Reads every mapping of `[router]`. One prefix has one host, and a prefix of the link none: there
/// the address itself says where it is.
pub(super) fn read(router: &Table<'_>, advertised: &[AdvertisedPrefix]) -> Vec<Mapping> {
    let mut list: Vec<Mapping> = Vec::new();
    for table in router.sections("mapping") {
        let prefix = table.require("prefix", prefix::on_link);
        let via = table.require("via", value::ipv4);
        if let (Some(prefix), Some(via)) = (prefix, via) {
            let of_link = advertised.iter().map(|own| (own.prefix, "router.prefix"));
            let mapped = list.iter().map(|other| (other.prefix, "router.mapping"));
            refuse_overlap(&table, prefix, of_link.chain(mapped));
            list.push(Mapping { prefix, via });
        }
        table.refuse_unknown();
    }
    list
}

/// Refuses hosts that packets can neither come from nor go to.
pub(super) fn check(
    router: &Table<'_>,
    mappings: &[Mapping],
    interface: &Interface,
    datapath: &Datapath,
) {
    for (table, mapping) in router.sections("mapping").iter().zip(mappings) {
        let via = mapping.via;
        if interface.local == Some(via) {
            refuse_host(table, via, "is interface.local, our own address");
        }
        let known = &datapath.known_ipv4;
        if !known.is_empty() && !known.iter().any(|network| network.contains(&via)) {
            refuse_host(table, via, "is not in datapath.known-ipv4");
        }
    }
}

fn refuse_overlap<'a>(
    table: &Table<'_>,
    prefix: Ipv6Net,
    others: impl Iterator<Item = (Ipv6Net, &'a str)>,
) {
    let overlap = |(other, _): &(Ipv6Net, _)| other.contains(&prefix) || prefix.contains(other);
    let mut others = others.filter(overlap);
    if let Some((other, whose)) = others.next() {
        let path = table.path_of("prefix");
        let message = format!("{path}: \"{prefix}\" overlaps \"{other}\" of {whose}");
        table.wrong("prefix", message);
    }
}

fn refuse_host(table: &Table<'_>, via: Ipv4Addr, why: &str) {
    let path = table.path_of("via");
    table.wrong("via", format!("{path}: \"{via}\" {why}"));
}
