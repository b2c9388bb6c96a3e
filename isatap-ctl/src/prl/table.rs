use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use isatap_common::abi::{PRL_LEN, PrlSource};
use isatap_common::addr::is_martian_ipv4;

/// Why the list stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrlError {
    /// Not the address of one node.
    #[error("{0} cannot be a router: it is special, broadcast or multicast")]
    Martian(Ipv4Addr),
    /// This node is no router of itself.
    #[error("{0} is an address of this node, which cannot be its own router")]
    Own(Ipv4Addr),
    /// The configuration keeps DNS from naming it.
    #[error("{0} is refused: it is in none of the prefixes of host.prl-allow")]
    NotAllowed(Ipv4Addr),
    /// The list is full.
    #[error("{router} is refused: the list has its {limit} routers already")]
    Full {
        /// The one too many.
        router: Ipv4Addr,
        /// How many there can be, of its source or of all.
        limit: usize,
    },
}

/// The list, each entry with the sources that name it; it stays until the last of them goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    own: BTreeSet<Ipv4Addr>,
    /// Removed by command, whoever names them.
    barred: BTreeSet<Ipv4Addr>,
    entries: BTreeMap<Ipv4Addr, BTreeSet<PrlSource>>,
}

impl Table {
    /// How many routers it holds, as many as the kernel programs take.
    pub const LIMIT: usize = PRL_LEN as usize;
    /// How many of them from DNS, so that an answer from outside cannot fill the memory.
    pub const DNS_LIMIT: usize = 64;

    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// The addresses of this node: entries among them stay, but are no members.
    pub fn set_own(&mut self, own: BTreeSet<Ipv4Addr>) {
        self.own = own;
    }

    /// Lets `source` name `router`; `true` if it did not already.
    pub fn add(&mut self, source: PrlSource, router: Ipv4Addr) -> Result<bool, PrlError> {
        if is_martian_ipv4(router.octets()) {
            return Err(PrlError::Martian(router));
        }
        if self.own.contains(&router) {
            return Err(PrlError::Own(router));
        }
        if !self.entries.contains_key(&router) {
            self.check_room(source, router)?;
        }
        Ok(self.entries.entry(router).or_default().insert(source))
    }

    /// Has `source` name these routers and no others, so far as they are accepted; what is not, and
    /// why, is returned.
    pub fn replace(
        &mut self,
        source: PrlSource,
        routers: impl IntoIterator<Item = Ipv4Addr>,
    ) -> Vec<PrlError> {
        let routers: BTreeSet<Ipv4Addr> = routers.into_iter().collect();
        self.entries.retain(|router, sources| {
            if !routers.contains(router) {
                sources.remove(&source);
            }
            !sources.is_empty()
        });
        let added = routers.into_iter().map(|router| self.add(source, router));
        added.filter_map(Result::err).collect()
    }

    /// Takes `router` off the list, whoever names it now or later, until [`Self::unbar`]; `true` if
    /// it was listed.
    pub fn bar(&mut self, router: Ipv4Addr) -> bool {
        let Some(sources) = self.entries.get_mut(&router) else {
            return false;
        };
        sources.remove(&PrlSource::Command);
        if sources.is_empty() {
            self.entries.remove(&router);
            return true;
        }
        self.barred.insert(router)
    }

    /// Lets whoever names `router` list it again.
    pub fn unbar(&mut self, router: Ipv4Addr) {
        self.barred.remove(&router);
    }

    /// Lets `source` no longer name `router`; `true` if it did.
    pub fn remove(&mut self, source: PrlSource, router: Ipv4Addr) -> bool {
        let Some(sources) = self.entries.get_mut(&router) else {
            return false;
        };
        let removed = sources.remove(&source);
        if sources.is_empty() {
            self.entries.remove(&router);
        }
        removed
    }

    fn check_room(&self, source: PrlSource, router: Ipv4Addr) -> Result<(), PrlError> {
        let is_from_dns = |sources: &&BTreeSet<_>| sources.contains(&PrlSource::Dns);
        let (count, limit) = if source == PrlSource::Dns {
            let listed = self.entries.values().filter(is_from_dns).count();
            (listed, Self::DNS_LIMIT)
        } else {
            (self.entries.len(), Self::LIMIT)
        };
        if count < limit {
            Ok(())
        } else {
            Err(PrlError::Full { router, limit })
        }
    }

    /// Every entry with its sources, in the order of addresses.
    pub fn iter(&self) -> impl Iterator<Item = (Ipv4Addr, &BTreeSet<PrlSource>)> {
        let listed = self
            .entries
            .iter()
            .filter(|(router, _)| !self.barred.contains(router));
        listed.map(|(router, sources)| (*router, sources))
    }

    /// The routers to solicit and to believe.
    pub fn members(&self) -> BTreeSet<Ipv4Addr> {
        let listed = self.iter().map(|(router, _)| router);
        listed.filter(|router| !self.own.contains(router)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
    const B: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

    #[test]
    fn an_entry_stays_until_its_last_source_goes() {
        let mut table = Table::new();
        assert_eq!(table.add(PrlSource::Static, B), Ok(true));
        assert_eq!(table.add(PrlSource::Command, B), Ok(true));
        assert_eq!(table.add(PrlSource::Command, B), Ok(false));
        assert_eq!(table.replace(PrlSource::Dns, [A]), []);
        let sources = BTreeSet::from([PrlSource::Static, PrlSource::Command]);
        let dns = BTreeSet::from([PrlSource::Dns]);
        assert_eq!(table.iter().collect::<Vec<_>>(), [(A, &dns), (B, &sources)]);
        table.replace(PrlSource::Static, []);
        assert_eq!(table.members(), BTreeSet::from([A, B]));
        table.replace(PrlSource::Dns, []);
        assert_eq!(table.members(), BTreeSet::from([B]));
        assert!(table.bar(B));
        assert_eq!(table.members(), BTreeSet::new());
    }

    #[test]
    fn what_a_command_removed_stays_away_until_a_command_adds_it() {
        let mut table = Table::new();
        table.replace(PrlSource::Static, [A, B]);
        assert!(table.bar(A));
        assert!(!table.bar(A), "it is not listed any more");
        for source in [PrlSource::Static, PrlSource::Dns] {
            assert_eq!(table.replace(source, [A, B]), []);
            assert_eq!(table.members(), BTreeSet::from([B]));
        }
        table.unbar(A);
        assert_eq!(table.members(), BTreeSet::from([A, B]));
        assert!(table.remove(PrlSource::Static, A) && !table.remove(PrlSource::Static, A));
        assert!(table.remove(PrlSource::Dns, A) && !table.bar(A));
        assert_eq!(table.members(), BTreeSet::from([B]));
    }

    #[test]
    fn special_and_own_addresses_are_refused() {
        let mut table = Table::new();
        table.set_own(BTreeSet::from([A]));
        for text in [
            "0.0.0.1",
            "127.0.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
        ] {
            let router = text.parse().unwrap();
            assert_eq!(
                table.add(PrlSource::Static, router),
                Err(PrlError::Martian(router))
            );
        }
        assert_eq!(table.add(PrlSource::Static, A), Err(PrlError::Own(A)));
        assert_eq!(table.add(PrlSource::Static, B), Ok(true));
        table.set_own(BTreeSet::from([B]));
        assert_eq!(table.members(), BTreeSet::new());
    }

    #[test]
    fn dns_is_capped_early() {
        let mut table = Table::new();
        for last in 1..=64 {
            table
                .add(PrlSource::Dns, Ipv4Addr::new(10, 0, 0, last))
                .unwrap();
        }
        let more = Ipv4Addr::new(10, 0, 1, 1);
        let refused = table.add(PrlSource::Dns, more).unwrap_err();
        let limit = Table::DNS_LIMIT;
        assert_eq!(
            refused,
            PrlError::Full {
                router: more,
                limit
            }
        );
        assert_eq!(
            refused.to_string(),
            "10.0.1.1 is refused: the list has its 64 routers already"
        );
        assert_eq!(table.add(PrlSource::Static, A), Ok(true));
        assert_eq!(table.add(PrlSource::Static, more), Ok(true));
    }

    #[test]
    fn no_more_are_listed_than_the_programs_take() {
        let mut table = Table::new();
        let first = Ipv4Addr::new(10, 0, 0, 0).to_bits();
        for number in 0..PRL_LEN {
            let router = Ipv4Addr::from_bits(first + number);
            assert_eq!(table.add(PrlSource::Static, router), Ok(true));
        }
        let more = Ipv4Addr::new(192, 0, 2, 1);
        let limit = Table::LIMIT;
        let full = PrlError::Full {
            router: more,
            limit,
        };
        assert_eq!(table.add(PrlSource::Command, more), Err(full));
        assert_eq!(table.add(PrlSource::Command, A), Ok(true));
    }
}
