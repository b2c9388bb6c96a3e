//! Faults of Linux's `sit`, each beside this product in the same place. A case fails if ours has the
//! fault, and also if `sit` has it no longer: then the documents say something untrue.

mod advertisement;
mod both;
mod broadcast_source;
mod mapped_source;
mod path_mtu;
mod route_cache;
mod router_list;

use crate::interop::case::Case;

const PEER: &str = "Linux sit, beside ours";

pub const CASES: &[Case] = &[
    Case::new(
        "fault-route-cache",
        PEER,
        "three pings to a peer behind a gateway, after a peer in the own subnet",
        route_cache::case,
    ),
    Case::new(
        "fault-advertisement",
        PEER,
        "a Router Advertisement whose inner source is not the router that the outer source names",
        advertisement::case,
    ),
    Case::new(
        "fault-mapped-source",
        PEER,
        "an echo request from an IPv4-mapped address, in a packet of a router",
        mapped_source::case,
    ),
    Case::new(
        "fault-broadcast-source",
        PEER,
        "an echo request whose source is the broadcast address of the subnet",
        broadcast_source::case,
    ),
    Case::new(
        "fault-path-mtu",
        PEER,
        "large packets after forged ICMPv4 messages that fragmentation is needed",
        path_mtu::case,
    )
    .on_counting_clock(),
    Case::new(
        "fault-router-list",
        PEER,
        "instructions for a packet of a host, with one router in the list and with two thousand",
        router_list::case,
    )
    .on_counting_clock(),
];
