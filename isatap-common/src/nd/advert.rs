use core::net::Ipv6Addr;

use super::dns::{DnsServers, SearchList};
use super::error::NdError;
use super::option::{self, Raw};
use super::preference::Preference;
use super::prefix::{PrefixInformation, RouteInformation};
use super::received::Received;
use super::split;

pub(super) const TYPE: u8 = 134;
const MANAGED: u8 = 0x80;
const OTHER: u8 = 0x40;

/// Router Advertisement (RFC 4861 section 4.2) with the options of RFC 4191 and RFC 8106.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouterAdvert {
    /// Cur Hop Limit; zero is unspecified.
    pub hop_limit: u8,
    /// M: addresses by `DHCPv6`.
    pub managed: bool,
    /// O: other configuration by `DHCPv6`.
    pub other: bool,
    /// As a default router (RFC 4191 section 2.2).
    pub preference: Preference,
    /// Seconds as a default router; zero is none.
    pub lifetime: u16,
    /// Reachable Time in milliseconds; zero is unspecified.
    pub reachable_time: u32,
    /// Retrans Timer in milliseconds; zero is unspecified.
    pub retrans_timer: u32,
    /// MTU option.
    pub mtu: Option<u32>,
    /// Prefix Information options.
    pub prefixes: Vec<PrefixInformation>,
    /// Route Information options.
    pub routes: Vec<RouteInformation>,
    /// Recursive DNS Server options.
    pub dns_servers: Vec<DnsServers>,
    /// DNS Search List options.
    pub search_lists: Vec<SearchList>,
}

impl RouterAdvert {
    /// Reads and validates (RFC 4861 section 6.1.2). Unknown options and known ones that are
    /// malformed are skipped.
    pub fn decode(received: &Received<'_>) -> Result<Self, NdError> {
        let (fixed, options) = received.parts::<12>(TYPE)?;
        if !received.source.is_unicast_link_local() {
            return Err(NdError::Source);
        }
        let mut advert = Self::header(*fixed);
        for raw in option::options(options) {
            advert.take(raw);
        }
        Ok(advert)
    }

    fn header(fixed: [u8; 12]) -> Self {
        let [hop_limit, flags, a, b, r0, r1, r2, r3, t0, t1, t2, t3] = fixed;
        Self {
            hop_limit,
            managed: flags & MANAGED != 0,
            other: flags & OTHER != 0,
            // The reserved value is taken as medium (RFC 4191 section 2.2).
            preference: Preference::from_bits(flags).unwrap_or_default(),
            lifetime: u16::from_be_bytes([a, b]),
            reachable_time: u32::from_be_bytes([r0, r1, r2, r3]),
            retrans_timer: u32::from_be_bytes([t0, t1, t2, t3]),
            ..Self::default()
        }
    }

    fn take(&mut self, Raw { kind, body }: Raw<'_>) {
        match kind {
            option::MTU => self.mtu = read_mtu(body).or(self.mtu),
            option::PREFIX_INFORMATION => self.prefixes.extend(PrefixInformation::read(body)),
            option::ROUTE_INFORMATION => self.routes.extend(RouteInformation::read(body)),
            option::RDNSS => self.dns_servers.extend(DnsServers::read(body)),
            option::DNSSL => self.search_lists.extend(SearchList::read(body)),
            _ => {}
        }
    }

    /// The messages with their checksums: one, or several if the options do not fit `link_mtu`
    /// (RFC 4861 section 6.2.3). Every one has the header, and no option is cut.
    pub fn encode(&self, source: Ipv6Addr, destination: Ipv6Addr, link_mtu: u16) -> Vec<Vec<u8>> {
        split::messages(
            source,
            destination,
            link_mtu,
            &self.write_header(),
            &self.write_options(),
        )
    }

    fn write_header(&self) -> Vec<u8> {
        let managed = if self.managed { MANAGED } else { 0 };
        let other = if self.other { OTHER } else { 0 };
        let flags = managed | other | self.preference.bits();
        let mut bytes = vec![TYPE, 0, 0, 0, self.hop_limit, flags];
        bytes.extend(self.lifetime.to_be_bytes());
        bytes.extend(self.reachable_time.to_be_bytes());
        bytes.extend(self.retrans_timer.to_be_bytes());
        bytes
    }

    fn write_options(&self) -> Vec<Vec<u8>> {
        let mtu = self.mtu.iter().map(|mtu| write_mtu(*mtu));
        mtu.chain(self.prefixes.iter().map(PrefixInformation::write))
            .chain(self.routes.iter().map(RouteInformation::write))
            .chain(self.dns_servers.iter().flat_map(DnsServers::write))
            .chain(self.search_lists.iter().flat_map(SearchList::write))
            .collect()
    }
}

fn read_mtu(body: &[u8]) -> Option<u32> {
    let [_, _, mtu @ ..]: &[u8; 6] = body.try_into().ok()?;
    Some(u32::from_be_bytes(*mtu))
}

fn write_mtu(mtu: u32) -> Vec<u8> {
    let [a, b, c, d] = mtu.to_be_bytes();
    option::write(option::MTU, &[0, 0, a, b, c, d])
}
