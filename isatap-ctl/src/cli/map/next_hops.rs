use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::Result;
use isatap_common::abi::{NextHop, Source};
use isatap_common::addr::{self, Form};
use isatap_common::wire::ethernet;

use super::entry::{Entry, Fields};
use crate::cli::pins::Pins;
use crate::cli::{Failure, ifname};
use crate::datapath::Caches;

/// Every line of the cache that is in use, of every CPU.
pub(super) fn all(pins: &Pins) -> Result<Vec<Entry>> {
    let caches = Caches::pinned(pins.directory())?;
    let ways = caches.next_hops().filter(|(_, line)| line.egress != 0);
    let sources = caches.sources().filter(|(_, line)| line.ifindex != 0);
    let ways = ways.map(|(cpu, line)| way(cpu, &line));
    Ok(ways
        .chain(sources.map(|(cpu, line)| source(cpu, &line)))
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
            .with("remote", ipv4(line.remote))
            .with("local", ipv4(line.local))
            .with("packets", line.sent.packets())
            .with("bytes", line.sent.bytes())
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
    let address = addr::address(prefix, Form::of(line.remote), line.remote);
    let none = None::<String>;
    Entry {
        key: Ipv6Addr::from(address).to_string(),
        fields: Fields::new()
            .with("cpu", cpu)
            .with("use", "from")
            .with("interface", ifname::of(line.ifindex))
            .with("remote", ipv4(line.remote))
            .with("local", ipv4(line.local))
            .with("packets", line.heard.packets())
            .with("bytes", line.heard.bytes())
            .with("until", line.until)
            .with("mtu", none.clone())
            .with("destination_mac", none.clone())
            .with("source_mac", none),
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
    use isatap_common::abi::Traffic;

    use super::*;

    #[test]
    fn a_line_reads_by_meaning() {
        let line = NextHop {
            high: 0x2001_0db8_0000_0000_u64.to_be(),
            low: 0x0000_5efe_0a00_0007_u64.to_be(),
            egress: 4_000_000,
            remote: [10, 0, 0, 7],
            local: [10, 0, 0, 1],
            until: 131_172,
            macs: ethernet::pair([2, 0, 0, 0, 0, 7], [2, 0, 0, 0, 0, 1]),
            mtu: 1500,
            sent: Traffic::new(2, 200),
            ..NextHop::default()
        };
        insta::assert_json_snapshot!(way(1, &line));
    }

    #[test]
    fn a_host_reads_by_meaning() {
        let line = Source {
            prefix: 0x2001_0db8_0000_0001_u64.to_be(),
            heard: Traffic::new(2, 200),
            remote: [10, 0, 0, 7],
            local: [10, 0, 0, 1],
            ifindex: 4_000_000,
            until: 131_172,
            ..Source::default()
        };
        insta::assert_json_snapshot!(source(1, &line));
    }
}
