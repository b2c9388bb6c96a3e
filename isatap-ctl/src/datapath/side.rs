/// Which sides of a router a NIC is on, and so, which packets come in through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// That of the site: protocol 41.
    Uplink,
    /// That of native IPv6.
    Native,
    /// Both.
    Both,
}

impl Side {
    /// That of a NIC which is on this one and on `other`.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self == other { self } else { Self::Both }
    }
}
