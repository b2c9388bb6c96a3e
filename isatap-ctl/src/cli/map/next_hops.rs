use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::Result;
use aya::maps::{MapData, PerCpuArray};
use isatap_common::abi::{NEXT_HOPS_LEN, NextHop};
use isatap_common::addr::Address;

use super::entry::{Entry, Fields};
use super::table::Table;
use crate::cli::pins::Pins;
use crate::cli::{Failure, ifname};

/// Every line of the cache that is in use, of every CPU.
pub(super) fn all(pins: &Pins) -> Result<Vec<Entry>> {
    let map = open(pins)?;
    let mut entries = Vec::new();
    for index in 0..NEXT_HOPS_LEN {
        entries.extend(
            lines(&map, index)?
                .into_iter()
                .map(|(cpu, line)| entry(cpu, &line)),
        );
    }
    Ok(entries)
}

/// The lines of one inner address, one for each CPU that has it.
pub(super) fn get(pins: &Pins, text: &str) -> Result<Vec<Entry>> {
    let wrong = || Failure::usage(format!("{text} is no key of NEXT_HOPS"));
    let address: Ipv6Addr = text
        .parse()
        .map_err(|_| wrong().hint("its key is an inner IPv6 address"))?;
    let address = Address::from_octets(address.octets());
    let lines = lines(&open(pins)?, NextHop::index(address))?;
    let wanted = lines
        .into_iter()
        .filter(|(_, line)| line.address() == address);
    Ok(wanted.map(|(cpu, line)| entry(cpu, &line)).collect())
}

fn open(pins: &Pins) -> Result<PerCpuArray<MapData, NextHop>> {
    pins.typed(Table::NextHops.name())
}

/// What is in use at one place, with its CPU.
fn lines(map: &PerCpuArray<MapData, NextHop>, index: u32) -> Result<Vec<(usize, NextHop)>> {
    let values = map.get(&index, 0)?;
    let used = values.iter().copied().enumerate();
    Ok(used
        .filter(|(_, line)| line.forward != 0 || line.source != 0)
        .collect())
}

fn entry(cpu: usize, line: &NextHop) -> Entry {
    let mac = |octets: &[u8]| {
        let text: Vec<_> = octets.iter().map(|byte| format!("{byte:02x}")).collect();
        octets.iter().any(|byte| *byte != 0).then(|| text.join(":"))
    };
    let (destination, source) = line.macs.split_at(6);
    let remote = Some(line.remote).filter(|remote| *remote != [0; 4]);
    Entry {
        key: Ipv6Addr::from(line.address().octets()).to_string(),
        fields: Fields::new()
            .with("cpu", cpu)
            .with("use", uses(line))
            .with(
                "egress",
                Some(line.egress).filter(|i| *i != 0).map(ifname::of),
            )
            .with(
                "remote",
                remote.map(|ipv4| Ipv4Addr::from(ipv4).to_string()),
            )
            .with("locator", line.locator)
            .with("mtu", line.mtu)
            .with("generation", line.forward.max(line.source))
            .with("filled_jiffies", line.filled)
            .with("destination_mac", mac(destination))
            .with("source_mac", mac(source))
            .with("packets_in", line.heard.packets())
            .with("bytes_in", line.heard.bytes())
            .with("packets_out", line.sent.packets())
            .with("bytes_out", line.sent.bytes()),
    }
}

fn uses(line: &NextHop) -> Vec<&'static str> {
    let words = [(line.forward, "forward"), (line.source, "source")];
    let set = words.into_iter().filter(|(generation, _)| *generation != 0);
    set.map(|(_, word)| word).collect()
}

#[cfg(test)]
mod tests {
    use isatap_common::abi::Traffic;

    use super::*;

    #[test]
    fn a_line_reads_by_meaning() {
        let line = NextHop {
            high: 0x2001_0db8_0000_0000,
            low: 0x0000_5efe_0a00_0007,
            egress: 4_000_000,
            remote: [10, 0, 0, 7],
            forward: 1,
            source: 1,
            macs: [2, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0],
            mtu: 1500,
            sent: Traffic::new(2, 200),
            ..NextHop::default()
        };
        insta::assert_json_snapshot!(entry(1, &line));
    }
}
