use crate::{
    abi::{Config, Hearing, Standing},
    addr::{Address, Ipv4},
};

/// What the packet path asks about the site: the maps of the programs, or their copy in a test.
pub trait Site {
    /// The settings.
    fn config(&self) -> &Config;

    /// The slot of the locator (RFC 5214 section 7.3) that `ipv4` on interface `ifindex` is.
    fn locator(&self, ifindex: u32, ipv4: Ipv4) -> Option<u16>;

    /// The locator that the peer `remote` last sent to.
    fn heard_at(&self, remote: Ipv4) -> Option<Ipv4>;

    /// Whether `ipv4` is in the Potential Router List.
    fn lists_router(&self, ipv4: Ipv4) -> bool;

    /// Whether an on-link prefix of the ISATAP interface covers `address`; fe80::/64 is one.
    fn is_on_link(&self, address: Address) -> bool;

    /// What `ipv4` may be. Martians by number ([`crate::addr::is_martian_ipv4`]) need not be known.
    fn standing(&self, ipv4: Ipv4) -> Standing;

    /// Whether the host at `ipv4` was heard from.
    fn hearing(&self, ipv4: Ipv4) -> Hearing;

    /// The IPv4 address of the ISATAP next hop of an off-link destination.
    fn route(&self, destination: Address) -> Option<Ipv4>;
}
