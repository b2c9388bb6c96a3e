use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::process::ExitCode;

use anyhow::Result;
use aya::maps::{HashMap, MapData};
use clap::ValueEnum;
use isatap_common::abi::{NextHop, Peer, Source};
use isatap_common::addr::Ipv4;
use serde::Serialize;

use super::columns::Columns;
use super::pins::Pins;
use super::{Output, deadline, words};
use crate::clock::{self, Boottime};
use crate::control::SCHEMA;
use crate::datapath::Caches;

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// What comes first: most bytes, most packets, or who was active last; else the lowest address
    #[arg(long, value_enum, value_name = "ORDER")]
    sort: Option<Order>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Order {
    Bytes,
    Packets,
    Last,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    interface: &'a str,
    neighbors: &'a [Neighbor],
}

/// A node of the link. Bytes are those of inner packets, times are seconds ago.
#[derive(Debug, Serialize)]
struct Neighbor {
    ipv4: Ipv4Addr,
    packets_in: u64,
    bytes_in: u64,
    packets_out: u64,
    bytes_out: u64,
    last_heard_seconds: Option<u64>,
    last_sent_seconds: Option<u64>,
    path_mtu: Option<u32>,
    path_mtu_seconds: Option<u64>,
    reachability: &'static str,
}

pub(super) fn execute(
    options: &Options,
    interface: &str,
    output: &mut Output<'_>,
) -> Result<ExitCode> {
    let pins = Pins::of(interface)?;
    let now = clock::now();
    let peers = peers(&pins)?;
    let mut neighbors: Vec<_> = peers
        .iter()
        .map(|(ipv4, peer)| Neighbor::of(*ipv4, peer, now))
        .collect();
    if let Some(order) = options.sort {
        sort(&mut neighbors, order);
    }
    if output.json {
        output.document(&Document {
            schema: SCHEMA,
            interface,
            neighbors: &neighbors,
        })?;
    } else {
        print(&neighbors, output)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The accounts of all peers, with what the caches have not yet added to them.
fn peers(pins: &Pins) -> Result<BTreeMap<Ipv4Addr, Peer>> {
    let map: HashMap<MapData, Ipv4, Peer> = pins.typed("PEERS")?;
    // A walk starts anew when the entry it stands on goes away, so it is given an end.
    let walk = map
        .iter()
        .take(usize::try_from(pins.max_entries("PEERS")?)?);
    let entries = walk.map(|entry| entry.map(|(ipv4, peer)| (Ipv4Addr::from(ipv4), peer)));
    let mut peers = entries.collect::<Result<BTreeMap<_, _>, _>>()?;
    let caches = Caches::pinned(pins.directory())?;
    for (_, line) in caches.sources() {
        heard(&mut peers, &line);
    }
    for (_, line) in caches.next_hops() {
        sent(&mut peers, &line);
    }
    Ok(peers)
}

fn heard(peers: &mut BTreeMap<Ipv4Addr, Peer>, line: &Source) {
    if line.heard.packets() > 0 {
        let peer = peers.entry(line.ends.source.into()).or_default();
        peer.packets_in += line.heard.packets();
        peer.bytes_in += line.heard.bytes();
    }
}

fn sent(peers: &mut BTreeMap<Ipv4Addr, Peer>, line: &NextHop) {
    if line.is_tunnel() && line.sent.packets() > 0 {
        let peer = peers.entry(line.ends.destination.into()).or_default();
        peer.packets_out += line.sent.packets();
        peer.bytes_out += line.sent.bytes();
    }
}

impl Neighbor {
    fn of(ipv4: Ipv4Addr, peer: &Peer, now: Boottime) -> Self {
        let left = deadline::left(peer.path_mtu_deadline, now);
        let holds = peer.path_mtu != 0 && left.is_none_or(|seconds| seconds > 0);
        Self {
            ipv4,
            packets_in: peer.packets_in,
            bytes_in: peer.bytes_in,
            packets_out: peer.packets_out,
            bytes_out: peer.bytes_out,
            last_heard_seconds: deadline::since(peer.last_heard, now),
            last_sent_seconds: deadline::since(peer.last_sent, now),
            path_mtu: holds.then_some(peer.path_mtu),
            path_mtu_seconds: left.filter(|_| holds),
            reachability: words::reachability(peer.reachability),
        }
    }

    /// Seconds since it was heard or sent to, whichever was later.
    fn idle(&self) -> Option<u64> {
        let times = [self.last_heard_seconds, self.last_sent_seconds];
        times.into_iter().flatten().min()
    }
}

/// Those of equal rank stay in the order of their addresses.
fn sort(neighbors: &mut [Neighbor], order: Order) {
    match order {
        Order::Bytes => neighbors.sort_by_key(|peer| !(peer.bytes_in + peer.bytes_out)),
        Order::Packets => neighbors.sort_by_key(|peer| !(peer.packets_in + peer.packets_out)),
        Order::Last => neighbors.sort_by_key(|peer| peer.idle().unwrap_or(u64::MAX)),
    }
}

fn print(neighbors: &[Neighbor], output: &mut Output<'_>) -> Result<()> {
    let mut columns = Columns::new([
        "neighbor",
        "in",
        "out",
        "heard",
        "sent",
        "path mtu",
        "reachability",
    ]);
    let ago = |seconds: Option<u64>| seconds.map(|s| format!("{s}s")).unwrap_or_default();
    for peer in neighbors {
        columns.row([
            peer.ipv4.to_string(),
            format!("{} ({})", peer.packets_in, peer.bytes_in),
            format!("{} ({})", peer.packets_out, peer.bytes_out),
            ago(peer.last_heard_seconds),
            ago(peer.last_sent_seconds),
            peer.path_mtu.map(|mtu| mtu.to_string()).unwrap_or_default(),
            peer.reachability.to_owned(),
        ]);
    }
    columns.print(output.to, output.style)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use isatap_common::abi::Traffic;
    use isatap_common::wire::ipv4::Ends;

    use super::*;

    const NOW: Boottime = Duration::from_secs(1000);
    const A: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

    fn seconds(seconds: u64) -> u64 {
        seconds * 1_000_000_000
    }

    #[test]
    fn an_account_and_what_the_caches_hold_are_one_neighbour() {
        let mut peers = BTreeMap::from([(
            A,
            Peer {
                last_heard: seconds(990),
                packets_in: 3,
                bytes_in: 300,
                path_mtu: 1400,
                path_mtu_deadline: seconds(1060),
                reachability: 1,
                ..Peer::default()
            },
        )]);
        let line = Source {
            ends: Ends {
                source: A.octets(),
                ..Ends::default()
            },
            heard: Traffic::new(2, 200),
            ..Source::default()
        };
        heard(&mut peers, &line);
        let way = NextHop {
            ends: Ends {
                destination: A.octets(),
                ..Ends::default()
            },
            sent: Traffic::new(1, 90),
            ..NextHop::default()
        };
        sent(&mut peers, &way);
        let native = NextHop {
            sent: Traffic::new(1, 90),
            ..NextHop::default()
        };
        sent(&mut peers, &native);
        heard(&mut peers, &Source::default());
        assert_eq!(peers.len(), 1, "a native way is no neighbour");
        insta::assert_json_snapshot!(Neighbor::of(A, &peers[&A], NOW));
        let ended = NOW + Duration::from_secs(61);
        assert_eq!(Neighbor::of(A, &peers[&A], ended).path_mtu, None);
    }

    #[test]
    fn the_busiest_or_the_latest_comes_first() {
        let neighbor = |last, packets_in, bytes_out, last_heard| {
            let peer = Peer {
                packets_in,
                bytes_out,
                last_heard,
                ..Peer::default()
            };
            Neighbor::of(Ipv4Addr::new(10, 0, 0, last), &peer, NOW)
        };
        let mut neighbors = [
            neighbor(1, 1, 500, seconds(10)),
            neighbor(2, 9, 100, 0),
            neighbor(3, 5, 900, seconds(999)),
        ];
        for (order, expected) in [
            (Order::Bytes, [3, 1, 2]),
            (Order::Packets, [2, 3, 1]),
            (Order::Last, [3, 1, 2]),
        ] {
            sort(&mut neighbors, order);
            assert_eq!(
                neighbors.each_ref().map(|peer| peer.ipv4.octets()[3]),
                expected
            );
        }
    }
}
