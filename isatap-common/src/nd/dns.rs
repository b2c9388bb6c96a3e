//! Options about name resolution (RFC 8106).

use crate::addr::{Ipv6, is_multicast};

/// Type of a Recursive DNS Server option.
pub(super) const RESOLVERS: u8 = 25;
/// Type of a DNS Search List option.
pub(super) const SEARCH_LIST: u8 = 31;
/// Longest label and longest name (RFC 1035 section 2.3.4).
const LABEL: usize = 63;
const NAME: usize = 255;

/// A Recursive DNS Server option. The lifetime is in seconds; zero withdraws, all ones is for
/// ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolvers {
    /// How long they may be used.
    pub lifetime: u32,
    /// At least one unicast address.
    pub servers: Vec<Ipv6>,
}

/// A DNS Search List option. The lifetime is as above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchList {
    /// How long it may be used.
    pub lifetime: u32,
    /// Domain names without the final dot.
    pub domains: Vec<String>,
}

impl Resolvers {
    /// Reads the option, or `None` where its length is even or below three, or an address is
    /// multicast (section 5.3.1).
    pub(super) fn parse(option: &[u8]) -> Option<Self> {
        let (fixed, rest) = option.split_first_chunk::<8>()?;
        let (servers, []) = rest.as_chunks::<16>() else {
            return None;
        };
        if servers.is_empty() || servers.iter().any(is_multicast) {
            return None;
        }
        Some(Self {
            lifetime: lifetime(*fixed),
            servers: servers.to_vec(),
        })
    }

    /// The option, or `None` if it has no servers or more than fit.
    pub(super) fn emit(&self) -> Option<Vec<u8>> {
        let units = u8::try_from(1 + 2 * self.servers.len())
            .ok()
            .filter(|units| *units > 1)?;
        let mut option = vec![RESOLVERS, units, 0, 0];
        option.extend(self.lifetime.to_be_bytes());
        option.extend(self.servers.iter().flatten());
        Some(option)
    }
}

impl SearchList {
    /// Reads the option, or `None` where a name is malformed: a pointer, a label or name that is
    /// too long or not closed, an octet that a name may not have.
    pub(super) fn parse(option: &[u8]) -> Option<Self> {
        let (fixed, mut rest) = option.split_first_chunk::<8>()?;
        let mut domains = Vec::new();
        while rest.first().is_some_and(|first| *first != 0) {
            let (name, behind) = name(rest)?;
            domains.push(name);
            rest = behind;
        }
        let only_padding = rest.iter().all(|octet| *octet == 0);
        (only_padding && !domains.is_empty()).then(|| Self {
            lifetime: lifetime(*fixed),
            domains,
        })
    }

    /// The option, or `None` if it has no names, or one that cannot be written.
    pub(super) fn emit(&self) -> Option<Vec<u8>> {
        let mut option = vec![SEARCH_LIST, 0, 0, 0];
        option.extend(self.lifetime.to_be_bytes());
        for domain in &self.domains {
            for label in domain.trim_end_matches('.').split('.') {
                let length = u8::try_from(label.len())
                    .ok()
                    .filter(|l| (1..=63).contains(l))?;
                option.push(length);
                option.extend(label.bytes());
            }
            option.push(0);
        }
        option.resize(option.len().next_multiple_of(8), 0);
        let units = u8::try_from(option.len() / 8)
            .ok()
            .filter(|units| *units > 1)?;
        *option.get_mut(1)? = units;
        Some(option)
    }
}

/// The name at the start of `bytes`, and what is behind it.
fn name(mut bytes: &[u8]) -> Option<(String, &[u8])> {
    let mut name = String::new();
    loop {
        let (length, rest) = bytes.split_first()?;
        if *length == 0 {
            return Some((name, rest));
        }
        if usize::from(*length) > LABEL {
            return None;
        }
        let (label, rest) = rest.split_at_checked(usize::from(*length))?;
        if !label
            .iter()
            .all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(octet))
        {
            return None;
        }
        if !name.is_empty() {
            name.push('.');
        }
        name.push_str(str::from_utf8(label).ok()?);
        if name.len() > NAME {
            return None;
        }
        bytes = rest;
    }
}

fn lifetime(fixed: [u8; 8]) -> u32 {
    let [.., l0, l1, l2, l3] = fixed;
    u32::from_be_bytes([l0, l1, l2, l3])
}
