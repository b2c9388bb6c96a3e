//! The Potential Router List (RFC 5214 section 8.1): who may advertise to us.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use isatap_common::{abi::PrlSource, addr::is_martian_ipv4};

/// More routers than this are a mistake, or an attack.
const CAPACITY: usize = 64;

/// Routers by IPv4 address, each with everyone who named it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    entries: BTreeMap<Ipv4Addr, BTreeSet<PrlSource>>,
}

/// Why an address is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It cannot be one node.
    #[error("{0} is not a unicast address of a router")]
    Martian(Ipv4Addr),
    /// It is ours.
    #[error("{0} is our own address")]
    Own(Ipv4Addr),
    /// The list is full.
    #[error("{0} is one more than the {CAPACITY} routers that the list takes")]
    Full(Ipv4Addr),
}

impl Table {
    /// Adds what `source` names; `own` is our own address.
    pub fn add(
        &mut self,
        source: PrlSource,
        ipv4: Ipv4Addr,
        own: Option<Ipv4Addr>,
    ) -> Result<(), Refusal> {
        if is_martian_ipv4(ipv4.octets()) {
            return Err(Refusal::Martian(ipv4));
        }
        if own == Some(ipv4) {
            return Err(Refusal::Own(ipv4));
        }
        if !self.entries.contains_key(&ipv4) && self.entries.len() >= CAPACITY {
            return Err(Refusal::Full(ipv4));
        }
        self.entries.entry(ipv4).or_default().insert(source);
        Ok(())
    }

    /// Removes an entry whoever named it. Returns whether there was one.
    pub fn remove(&mut self, ipv4: Ipv4Addr) -> bool {
        self.entries.remove(&ipv4).is_some()
    }

    /// Forgets what `source` named; an entry that another names as well stays.
    pub fn clear(&mut self, source: PrlSource) {
        self.entries.retain(|_, sources| {
            sources.remove(&source);
            !sources.is_empty()
        });
    }

    /// The routers.
    pub fn members(&self) -> BTreeSet<Ipv4Addr> {
        self.entries.keys().copied().collect()
    }

    /// The routers, each with its sources, of which there is at least one.
    pub fn iter(&self) -> impl Iterator<Item = (Ipv4Addr, &BTreeSet<PrlSource>)> {
        self.entries.iter().map(|(ipv4, sources)| (*ipv4, sources))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(last: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 0, 0, last)
    }

    #[test]
    fn an_entry_stays_while_anyone_names_it() {
        let mut table = Table::default();
        table.add(PrlSource::Static, v4(1), None).unwrap();
        table.add(PrlSource::Command, v4(1), None).unwrap();
        table.clear(PrlSource::Static);
        assert_eq!(table.members(), BTreeSet::from([v4(1)]));
        assert!(table.remove(v4(1)));
        assert!(!table.remove(v4(1)));
    }

    #[test]
    fn what_cannot_be_a_router_is_refused() {
        let mut table = Table::default();
        let martian = Ipv4Addr::new(224, 0, 0, 1);
        assert_eq!(
            table.add(PrlSource::Static, martian, None),
            Err(Refusal::Martian(martian))
        );
        assert_eq!(
            table.add(PrlSource::Static, v4(1), Some(v4(1))),
            Err(Refusal::Own(v4(1)))
        );
        for last in 1..=64 {
            table.add(PrlSource::Static, v4(last), None).unwrap();
        }
        assert_eq!(
            table.add(PrlSource::Static, v4(65), None),
            Err(Refusal::Full(v4(65)))
        );
        assert_eq!(table.add(PrlSource::Command, v4(64), None), Ok(()));
    }
}
