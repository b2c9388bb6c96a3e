use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::Result;
use isatap_common::abi::{NextHop, Origin, Source, SourceBlock, WayBlock};
use isatap_common::addr::{self, Form};
use isatap_common::wire::{ethernet, ipv4::Ends};

use super::entry::{Entry, Fields};
use crate::cli::pins::Pins;
use crate::cli::{Failure, ifname};
use crate::datapath::Caches;

/// Bits that the addresses of the hosts of a block have in common.
const BLOCK_LENGTH: u8 = 120;

/// Every line of the cache that is in use, of every CPU.
pub(super) fn all(pins: &Pins) -> Result<Vec<Entry>> {
    let caches = Caches::pinned(pins.directory())?;
    let ways = caches.next_hops().filter(|(_, line)| line.egress != 0);
    let sources = caches.sources().filter(|(_, line)| line.ifindex != 0);
    let ways = ways.map(|(cpu, line)| way(cpu, &line));
    let to = caches.way_blocks().filter(|(_, line)| line.block.count > 0);
    let from = caches
        .source_blocks()
        .filter(|(_, line)| line.block.count > 0);
    Ok(ways
        .chain(sources.map(|(cpu, line)| source(cpu, &line)))
        .chain(to.map(|(cpu, line)| way_block(cpu, &line)))
        .chain(from.map(|(cpu, line)| source_block(cpu, &line)))
        .collect())
}

/// The lines of one inner address, for each CPU that has them.
pub(super) fn get(pins: &Pins, text: &str) -> Result<Vec<Entry>> {
    let address: Ipv6Addr = text.parse().map_err(|_| {
        Failure::usage(format!("{text} is no key of NEXT_HOPS"))
            .hint("its key is an inner IPv6 address")
    })?;
    let mut entries = all(pins)?;
    entries.retain(|entry| entry.key == address.to_string());
    Ok(entries)
}

/// How packets to an address leave.
fn way(cpu: usize, line: &NextHop) -> Entry {
    let macs = ethernet::octets(line.macs);
    let (destination, source) = macs.split_at(6);
    Entry {
        key: Ipv6Addr::from(line.address().octets()).to_string(),
        fields: Fields::new()
            .with("cpu", cpu)
            .with("use", "to")
            .with("interface", ifname::of(line.egress))
            .with("remote", ipv4(line.ends.destination))
            .with("local", ipv4(line.ends.source))
            .with("hosts", None::<u8>)
            .with("packets", Some(line.sent.packets()))
            .with("bytes", Some(line.sent.bytes()))
            .with("until", line.until)
            .with("mtu", Some(line.mtu))
            .with("destination_mac", Some(mac(destination)))
            .with("source_mac", Some(mac(source))),
    }
}

/// Who was admitted. Both forms of the identifier are one line; the key has the one of RFC 5214
/// section 6.1.
fn source(cpu: usize, line: &Source) -> Entry {
    let prefix = line.prefix.to_ne_bytes();
    let remote = line.ends.source;
    let address = addr::address(prefix, Form::of(remote), remote);
    let key = match line.prefix {
        Origin::ANY_NATIVE => "any native".to_owned(),
        _ => Ipv6Addr::from(address).to_string(),
    };
    let none = None::<String>;
    Entry {
        key,
        fields: Fields::new()
            .with("cpu", cpu)
            .with("use", "from")
            .with("interface", ifname::of(line.ifindex))
            .with("remote", ipv4(remote))
            .with("local", ipv4(line.ends.destination))
            .with("hosts", None::<u8>)
            .with("packets", Some(line.heard.packets()))
            .with("bytes", Some(line.heard.bytes()))
            .with("until", line.until)
            .with("mtu", none.clone())
            .with("destination_mac", none.clone())
            .with("source_mac", none),
    }
}

/// How packets to the hosts of a block leave whose own place another address has. Their packets are in the
/// accounts of the hosts already.
fn way_block(cpu: usize, line: &WayBlock) -> Entry {
    let Entry { key, fields } = way(cpu, &line.way);
    Entry {
        key: format!("{key}/{BLOCK_LENGTH}"),
        fields: fields
            .but("use", "to a block")
            .but("until", line.block.until)
            .but("hosts", Some(line.block.count))
            .but("packets", None::<u64>)
            .but("bytes", None::<u64>),
    }
}

/// Who was admitted of a block.
fn source_block(cpu: usize, line: &SourceBlock) -> Entry {
    let host = Source {
        prefix: line.prefix,
        until: line.block.until,
        ends: Ends {
            source: line.block.network,
            destination: line.local,
        },
        ifindex: line.ifindex,
        ..Source::default()
    };
    let Entry { key, fields } = source(cpu, &host);
    Entry {
        key: format!("{key}/{BLOCK_LENGTH}"),
        fields: fields
            .but("use", "from a block")
            .but("hosts", Some(line.block.count))
            .but("packets", None::<u64>)
            .but("bytes", None::<u64>),
    }
}

fn mac(octets: &[u8]) -> String {
    let text: Vec<_> = octets.iter().map(|byte| format!("{byte:02x}")).collect();
    text.join(":")
}

/// Of a native way there is none.
fn ipv4(octets: [u8; 4]) -> Option<String> {
    (octets != [0; 4]).then(|| Ipv4Addr::from(octets).to_string())
}

#[cfg(test)]
mod tests {
    use isatap_common::abi::{Block, Traffic};

    use super::*;

    #[test]
    fn a_line_reads_by_meaning() {
        let line = NextHop {
            high: 0x2001_0db8_0000_0000_u64.to_be(),
            low: 0x0000_5efe_0a00_0007_u64.to_be(),
            egress: 4_000_000,
            ends: Ends {
                source: [10, 0, 0, 1],
                destination: [10, 0, 0, 7],
            },
            until: 131_172,
            macs: ethernet::pair([2, 0, 0, 0, 0, 7], [2, 0, 0, 0, 0, 1]),
            mtu: 1500,
            sent: Traffic::new(2, 200),
            ..NextHop::default()
        };
        insta::assert_json_snapshot!(way(1, &line));
    }

    #[test]
    fn blocks_read_by_meaning() {
        let block = Block {
            until: 131_172,
            count: 200,
            network: [10, 0, 0, 0],
            ..Block::default()
        };
        let from = SourceBlock {
            prefix: 0x2001_0db8_0000_0001_u64.to_be(),
            block,
            local: [10, 0, 0, 1],
            ifindex: 4_000_000,
        };
        let way = NextHop {
            high: 0x2001_0db8_0000_0001_u64.to_be(),
            low: 0x0000_5efe_0a00_0000_u64.to_be(),
            egress: 4_000_000,
            ends: Ends {
                source: [10, 0, 0, 1],
                destination: block.network,
            },
            mtu: 1500,
            ..NextHop::default()
        };
        let to = WayBlock {
            way,
            block,
            ..WayBlock::default()
        };
        insta::assert_json_snapshot!([source_block(1, &from), way_block(1, &to)]);
    }

    #[test]
    fn a_host_reads_by_meaning() {
        let line = Source {
            prefix: 0x2001_0db8_0000_0001_u64.to_be(),
            heard: Traffic::new(2, 200),
            ends: Ends {
                source: [10, 0, 0, 7],
                destination: [10, 0, 0, 1],
            },
            ifindex: 4_000_000,
            until: 131_172,
            ..Source::default()
        };
        insta::assert_json_snapshot!(source(1, &line));
    }
}
