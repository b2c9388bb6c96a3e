use core::net::Ipv6Addr;

use super::name::DomainName;
use super::option::{self, DNSSL, Lifetime, RDNSS};

/// The most body bytes of one option that we write, so that every option fits the least MTU.
const MAX_BODY: usize = 1000;

/// Recursive DNS Server option (RFC 8106 section 5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsServers {
    /// How long they may be used.
    pub lifetime: Lifetime,
    /// At least one, all unicast.
    pub addresses: Vec<Ipv6Addr>,
}

impl DnsServers {
    /// `None` if the option is to be discarded (section 5.3.1).
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let (lifetime, rest) = lifetime(body)?;
        let (addresses, odd) = rest.as_chunks::<16>();
        let addresses: Vec<Ipv6Addr> = addresses.iter().map(|octets| (*octets).into()).collect();
        let unicast = addresses
            .iter()
            .all(|a| !a.is_multicast() && !a.is_unspecified());
        let good = odd.is_empty() && !addresses.is_empty() && unicast;
        good.then_some(Self {
            lifetime,
            addresses,
        })
    }

    /// One option, or several if one cannot hold all addresses.
    pub(super) fn write(&self) -> Vec<Vec<u8>> {
        let chunks = self.addresses.chunks(MAX_BODY / 16);
        chunks
            .map(|addresses| option::write(RDNSS, &self.body(addresses)))
            .collect()
    }

    fn body(&self, addresses: &[Ipv6Addr]) -> Vec<u8> {
        let mut body = head(self.lifetime);
        body.extend(addresses.iter().flat_map(Ipv6Addr::octets));
        body
    }
}

/// DNS Search List option (RFC 8106 section 5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchList {
    /// How long the names may be used.
    pub lifetime: Lifetime,
    /// At least one.
    pub names: Vec<DomainName>,
}

impl SearchList {
    /// `None` if the option is to be discarded (section 5.3.1).
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let (lifetime, mut rest) = lifetime(body)?;
        let mut names = Vec::new();
        while rest.iter().any(|byte| *byte != 0) {
            let (name, after) = DomainName::read(rest)?;
            names.push(name);
            rest = after;
        }
        (!names.is_empty()).then_some(Self { lifetime, names })
    }

    /// One option, or several if one cannot hold all names.
    pub(super) fn write(&self) -> Vec<Vec<u8>> {
        let mut bodies: Vec<Vec<u8>> = Vec::new();
        for name in self.names.iter().map(DomainName::write) {
            match bodies.last_mut() {
                Some(body) if body.len() + name.len() <= MAX_BODY => body.extend(name),
                _ => bodies.push([head(self.lifetime), name].concat()),
            }
        }
        bodies
            .iter()
            .map(|body| option::write(DNSSL, body))
            .collect()
    }
}

fn lifetime(body: &[u8]) -> Option<(Lifetime, &[u8])> {
    let (_reserved, rest) = body.split_first_chunk::<2>()?;
    let (lifetime, rest) = rest.split_first_chunk()?;
    Some((Lifetime::read(*lifetime), rest))
}

fn head(lifetime: Lifetime) -> Vec<u8> {
    let mut body = vec![0, 0];
    body.extend(lifetime.to_wire().to_be_bytes());
    body
}
