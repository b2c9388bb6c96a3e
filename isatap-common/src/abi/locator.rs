use bytemuck::{Pod, Zeroable};

use super::map_types;

/// Key of `LOCATORS`: a locator is an IPv4 address together with its interface (RFC 5214
/// section 3), so the same address on another NIC is not ours.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
pub struct LocatorKey {
    /// Interface index of the IPv4 interface.
    pub ifindex: u32,
    /// Our IPv4 address, big-endian.
    pub ipv4: [u8; 4],
}

/// Value of `LOCATORS`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
pub struct Locator {
    /// Its place in [`super::Config::locators`].
    pub slot: u16,
    /// MTU of the IPv4 interface in bytes, 65535 if larger.
    pub mtu: u16,
}

map_types!(LocatorKey, Locator);
