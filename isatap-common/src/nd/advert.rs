//! The Router Advertisement (RFC 4861 section 4.2).

use super::{
    Arrival, NdError, PrefixInformation, ROUTER_ADVERTISEMENT, Resolvers, RouteInformation,
    SearchList, dns, open, prefix, seal,
};
use crate::addr::{Ipv6, is_link_local};

/// Type of an MTU option.
const MTU: u8 = 5;
/// Octets before the options.
const FIXED: usize = 16;
/// The flags.
const MANAGED: u8 = 0x80;
const OTHER: u8 = 0x40;

/// Default router preference (RFC 4191 section 2.1), lowest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Preference {
    /// 11
    Low,
    /// 00
    #[default]
    Medium,
    /// 01
    High,
}

/// A Router Advertisement. Zero in a field of the header is "unspecified by this router".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouterAdvertisement {
    /// Cur Hop Limit.
    pub hop_limit: u8,
    /// Addresses by DHCPv6.
    pub managed: bool,
    /// Other configuration by DHCPv6.
    pub other: bool,
    /// Among default routers.
    pub preference: Preference,
    /// Router Lifetime in seconds; zero is no default router.
    pub lifetime: u16,
    /// Reachable Time in milliseconds.
    pub reachable_time: u32,
    /// Retrans Timer in milliseconds.
    pub retrans_timer: u32,
    /// The MTU option.
    pub mtu: Option<u32>,
    /// Prefix Information options.
    pub prefixes: Vec<PrefixInformation>,
    /// Route Information options.
    pub routes: Vec<RouteInformation>,
    /// Recursive DNS Server options.
    pub resolvers: Vec<Resolvers>,
    /// DNS Search List options.
    pub search_lists: Vec<SearchList>,
}

impl Preference {
    /// The two bits where header and options have them. Reserved is `None`.
    pub(super) const fn from_bits(flags: u8) -> Option<Self> {
        match (flags >> 3) & 0b11 {
            0b01 => Some(Self::High),
            0b00 => Some(Self::Medium),
            0b11 => Some(Self::Low),
            _ => None,
        }
    }

    pub(super) const fn bits(self) -> u8 {
        match self {
            Self::High => 0b01 << 3,
            Self::Medium => 0,
            Self::Low => 0b11 << 3,
        }
    }
}

impl RouterAdvertisement {
    /// Reads one, by the rules of section 6.1.2. A known option that is malformed is ignored like
    /// an unknown one. A reserved preference is read as medium (RFC 4191 section 2.2).
    pub fn parse(arrival: &Arrival<'_>) -> Result<Self, NdError> {
        let (fixed, options) = open::<FIXED>(arrival, ROUTER_ADVERTISEMENT)?;
        if !is_link_local(&arrival.source) {
            return Err(NdError::Source);
        }
        let [
            _,
            _,
            _,
            _,
            hop_limit,
            flags,
            l0,
            l1,
            r0,
            r1,
            r2,
            r3,
            t0,
            t1,
            t2,
            t3,
        ] = *fixed;
        let lifetime = u16::from_be_bytes([l0, l1]);
        let mut advert = Self {
            hop_limit,
            managed: flags & MANAGED != 0,
            other: flags & OTHER != 0,
            preference: Preference::from_bits(flags).unwrap_or_default(),
            lifetime,
            reachable_time: u32::from_be_bytes([r0, r1, r2, r3]),
            retrans_timer: u32::from_be_bytes([t0, t1, t2, t3]),
            ..Self::default()
        };
        options.for_each(|(kind, option)| advert.take(kind, option));
        Ok(advert)
    }

    fn take(&mut self, kind: u8, option: &[u8]) {
        match (kind, option) {
            (MTU, [_, _, _, _, m0, m1, m2, m3]) => {
                self.mtu = Some(u32::from_be_bytes([*m0, *m1, *m2, *m3]));
            }
            (prefix::PREFIX_INFORMATION, _) => {
                self.prefixes.extend(PrefixInformation::parse(option));
            }
            (prefix::ROUTE_INFORMATION, _) => self.routes.extend(RouteInformation::parse(option)),
            (dns::RESOLVERS, _) => self.resolvers.extend(Resolvers::parse(option)),
            (dns::SEARCH_LIST, _) => self.search_lists.extend(SearchList::parse(option)),
            _ => {}
        }
    }

    /// The advertisement as messages of at most `limit` octets each, checksums right between the
    /// two addresses. What does not fit into one goes into the next (section 6.2.3); an option is
    /// never split.
    pub fn emit(&self, source: &Ipv6, destination: &Ipv6, limit: usize) -> Vec<Vec<u8>> {
        let mut messages = vec![self.header()];
        for option in self.options() {
            let fits = messages
                .last()
                .is_some_and(|last| last.len() + option.len() <= limit);
            if !fits {
                messages.push(self.header());
            }
            if let Some(last) = messages.last_mut() {
                last.extend(option);
            }
        }
        for message in &mut messages {
            seal(source, destination, message);
        }
        messages
    }

    fn header(&self) -> Vec<u8> {
        // RFC 4191 section 2.2: no preference without a lifetime.
        let preference = if self.lifetime == 0 {
            Preference::Medium
        } else {
            self.preference
        };
        let flags = if self.managed { MANAGED } else { 0 }
            | if self.other { OTHER } else { 0 }
            | preference.bits();
        let mut header = vec![ROUTER_ADVERTISEMENT, 0, 0, 0, self.hop_limit, flags];
        header.extend(self.lifetime.to_be_bytes());
        header.extend(self.reachable_time.to_be_bytes());
        header.extend(self.retrans_timer.to_be_bytes());
        header
    }

    fn options(&self) -> Vec<Vec<u8>> {
        let mtu = self.mtu.map(|mtu| {
            let [m0, m1, m2, m3] = mtu.to_be_bytes();
            vec![MTU, 1, 0, 0, m0, m1, m2, m3]
        });
        let prefixes = self.prefixes.iter().map(PrefixInformation::emit);
        let routes = self.routes.iter().map(RouteInformation::emit);
        let resolvers = self.resolvers.iter().filter_map(Resolvers::emit);
        let search_lists = self.search_lists.iter().filter_map(SearchList::emit);
        mtu.into_iter()
            .chain(prefixes)
            .chain(routes)
            .chain(resolvers)
            .chain(search_lists)
            .collect()
    }
}
