//! ISATAP addresses (RFC 5214 section 6): an IPv4 address in the low 32 bits of an IPv6 address,
//! behind the interface identifier `[02]00:5efe`.
//!
//! IPv6 addresses are 16 big-endian bytes and IPv4 addresses 4, here and in the maps.

/// An IPv4 address, big-endian.
pub type Ipv4 = [u8; 4];
/// An IPv6 address, big-endian.
pub type Ipv6 = [u8; 16];

/// First half of every link-local unicast address that has this link's on-link prefix fe80::/64.
pub const LINK_LOCAL_64: [u8; 8] = [0xfe, 0x80, 0, 0, 0, 0, 0, 0];
/// All-Routers link-local multicast address, ff02::2.
pub const ALL_ROUTERS: Address = Address {
    high: 0xff02 << 48,
    low: 2,
};
/// All-Nodes link-local multicast address, ff02::1.
pub const ALL_NODES: Address = Address {
    high: 0xff02 << 48,
    low: 1,
};

/// The u bit in the first 32 bits of an interface identifier.
const U_BIT: u32 = 0x0200_0000;
/// The first 32 bits of an ISATAP interface identifier with the u bit clear.
const ISATAP: u32 = 0x0000_5efe;

/// Which value of the u bit an identifier carries (RFC 5214 section 6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// `0000:5efe`: the IPv4 address is not known to be globally unique.
    Local,
    /// `0200:5efe`: the IPv4 address is globally unique.
    Global,
}

impl Form {
    /// Both forms.
    pub const ALL: [Self; 2] = [Self::Local, Self::Global];

    /// The form that section 6.1 wants for `ipv4`.
    pub const fn of(ipv4: Ipv4) -> Self {
        if is_globally_unique(ipv4) {
            Self::Global
        } else {
            Self::Local
        }
    }

    /// The other form.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Local => Self::Global,
            Self::Global => Self::Local,
        }
    }
}

/// An IPv6 address as the packet path holds it: two numbers fit into registers, where sixteen
/// octets would live on the small stack of a kernel program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The first 64 bits, usually the prefix.
    pub high: u64,
    /// The last 64 bits, usually the interface identifier.
    pub low: u64,
}

impl Address {
    /// From big-endian octets.
    #[inline(always)]
    pub const fn from_octets(octets: Ipv6) -> Self {
        let all = u128::from_be_bytes(octets);
        Self {
            high: (all >> 64) as u64,
            low: all as u64,
        }
    }

    /// As big-endian octets.
    #[inline(always)]
    pub const fn octets(self) -> Ipv6 {
        (((self.high as u128) << 64) | self.low as u128).to_be_bytes()
    }

    /// See [`embedded`].
    #[inline(always)]
    pub const fn embedded(self) -> Option<Ipv4> {
        if (self.low >> 32) as u32 & !U_BIT == ISATAP {
            Some((self.low as u32).to_be_bytes())
        } else {
            None
        }
    }

    /// See [`is_link_local`].
    #[inline(always)]
    pub const fn is_link_local(self) -> bool {
        self.high >> 54 == 0xfe80 >> 6
    }

    /// See [`is_multicast`].
    #[inline(always)]
    pub const fn is_multicast(self) -> bool {
        self.high >> 56 == 0xff
    }

    /// Whether the address is in 2000::/3, of which only 6to4 is special here.
    #[inline(always)]
    pub const fn is_global(self) -> bool {
        self.high >> 61 == 0b001
    }

    /// See [`six_to_four`].
    #[inline(always)]
    pub const fn six_to_four(self) -> Option<Ipv4> {
        if self.high >> 48 == 0x2002 {
            Some(((self.high >> 16) as u32).to_be_bytes())
        } else {
            None
        }
    }

    /// See [`is_martian_source`].
    #[inline(always)]
    pub const fn is_martian_source(self) -> bool {
        self.is_multicast() || (self.high == 0 && matches!(self.low >> 32, 0 | 0xffff))
    }
}

impl From<Address> for core::net::Ipv6Addr {
    fn from(address: Address) -> Self {
        Self::from(address.octets())
    }
}

/// The IPv4 address that `address` embeds, if its interface identifier is an ISATAP one.
///
/// Both values of the u bit are recognised; every other bit of the identifier's first half must
/// match, so a set g bit is not ISATAP.
pub const fn embedded(address: &Ipv6) -> Option<Ipv4> {
    Address::from_octets(*address).embedded()
}

/// `prefix` followed by the ISATAP identifier of `ipv4` in `form`.
pub const fn address(prefix: [u8; 8], form: Form, ipv4: Ipv4) -> Ipv6 {
    let p = prefix;
    let u = match form {
        Form::Local => 0,
        Form::Global => 2,
    };
    let [a, b, c, d] = ipv4;
    [
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], u, 0, 0x5e, 0xfe, a, b, c, d,
    ]
}

/// The link-local ISATAP address of `ipv4` in `form`.
pub const fn link_local(form: Form, ipv4: Ipv4) -> Ipv6 {
    address(LINK_LOCAL_64, form, ipv4)
}

/// The first 64 bits of `address`.
pub const fn prefix64(address: &Ipv6) -> [u8; 8] {
    let a = address;
    [a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]]
}

/// Whether `address` is in fe80::/10.
pub const fn is_link_local(address: &Ipv6) -> bool {
    Address::from_octets(*address).is_link_local()
}

/// Whether `address` is in ff00::/8.
pub const fn is_multicast(address: &Ipv6) -> bool {
    Address::from_octets(*address).is_multicast()
}

/// The IPv4 address that a 6to4 address (RFC 3056) carries in bits 16 to 47.
pub const fn six_to_four(address: &Ipv6) -> Option<Ipv4> {
    Address::from_octets(*address).six_to_four()
}

/// Whether `address` may never be the source of a tunnelled packet: multicast, ::/96 (with the
/// unspecified and the loopback address) and ::ffff:0:0/96 (RFC 4213 section 3.6).
pub const fn is_martian_source(address: &Ipv6) -> bool {
    Address::from_octets(*address).is_martian_source()
}

/// Whether `ipv4` can never be one node of the link: 0/8, 127/8, multicast and 240/4 with the
/// limited broadcast address (RFC 1122 section 3.2.1.3).
#[inline(always)]
pub const fn is_martian_ipv4(ipv4: Ipv4) -> bool {
    ipv4[0] == 0 || ipv4[0] == 127 || ipv4[0] >= 224
}

/// Whether `ipv4` is globally unique, which sets the u bit (RFC 5214 section 6.1): it is in none
/// of the special-purpose blocks of RFC 6890 that are not globally reachable.
pub const fn is_globally_unique(ipv4: Ipv4) -> bool {
    !matches!(
        ipv4,
        [0 | 10 | 127 | 224.., ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [192, 168, ..]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIX: [u8; 8] = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 1];

    #[test]
    fn both_forms_embed_the_same_address() {
        for form in Form::ALL {
            assert_eq!(
                embedded(&address(PREFIX, form, [10, 1, 2, 3])),
                Some([10, 1, 2, 3])
            );
        }
    }

    #[test]
    fn two_numbers_hold_every_octet() {
        let octets = address(PREFIX, Form::Global, [8, 8, 8, 8]);
        assert_eq!(Address::from_octets(octets).octets(), octets);
    }

    #[test]
    fn a_set_group_bit_or_any_other_bit_is_not_isatap() {
        for (byte, bit) in (8..12).flat_map(|byte| (0..8).map(move |bit| (byte, bit))) {
            let mut other = address(PREFIX, Form::Local, [10, 1, 2, 3]);
            other[byte] ^= 1 << bit;
            let is_u = byte == 8 && bit == 1;
            assert_eq!(embedded(&other).is_some(), is_u, "byte {byte} bit {bit}");
        }
    }

    #[test]
    fn link_local_address_reads_as_in_the_rfc() {
        let text = core::net::Ipv6Addr::from(link_local(Form::Local, [192, 0, 2, 5])).to_string();
        assert_eq!(text, "fe80::5efe:c000:205");
        let text = core::net::Ipv6Addr::from(link_local(Form::Global, [8, 8, 8, 8])).to_string();
        assert_eq!(text, "fe80::200:5efe:808:808");
    }

    /// First and last address of every block, and their neighbours outside it.
    #[test]
    fn u_bit_table_holds_at_every_edge() {
        let blocks: [([u8; 4], u32); 15] = [
            ([0, 0, 0, 0], 8),
            ([10, 0, 0, 0], 8),
            ([100, 64, 0, 0], 10),
            ([127, 0, 0, 0], 8),
            ([169, 254, 0, 0], 16),
            ([172, 16, 0, 0], 12),
            ([192, 0, 0, 0], 24),
            ([192, 0, 2, 0], 24),
            ([192, 88, 99, 0], 24),
            ([192, 168, 0, 0], 16),
            ([198, 18, 0, 0], 15),
            ([198, 51, 100, 0], 24),
            ([203, 0, 113, 0], 24),
            ([224, 0, 0, 0], 4),
            ([240, 0, 0, 0], 4),
        ];
        let inside = |v: u32| {
            blocks
                .iter()
                .any(|(b, len)| v >> (32 - len) == u32::from_be_bytes(*b) >> (32 - len))
        };
        for (base, len) in blocks {
            let first = u32::from_be_bytes(base);
            let last = first | (u32::MAX >> len);
            for v in [first.wrapping_sub(1), first, last, last.wrapping_add(1)] {
                assert_eq!(
                    is_globally_unique(v.to_be_bytes()),
                    !inside(v),
                    "{:?}",
                    v.to_be_bytes()
                );
            }
        }
    }

    #[test]
    fn martian_sources_are_those_of_rfc_4213() {
        let martian =
            |text: &str| is_martian_source(&text.parse::<core::net::Ipv6Addr>().unwrap().octets());
        for text in [
            "::",
            "::1",
            "::a00:1",
            "::ffff:10.0.0.1",
            "ff02::1",
            "ff0e::5",
        ] {
            assert!(martian(text), "{text}");
        }
        for text in ["fe80::5efe:a00:1", "2001:db8::1", "::1:0:0:0", "64:ff9b::1"] {
            assert!(!martian(text), "{text}");
        }
    }
}
