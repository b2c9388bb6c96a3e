use bytemuck::{Pod, Zeroable};

use super::map_types;

/// Value of `CLIENTS`, keyed by a host's IPv4 address: a host that uses what this router told it. The
/// daemon alone writes and reads it, so that whoever takes the router down knows whom to tell. Times
/// are nanoseconds of `CLOCK_BOOTTIME`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
pub struct Client {
    /// Since when it has asked again and again.
    pub since: u64,
    /// When it was last sent an advertisement.
    pub answered: u64,
    /// When it has to have asked again.
    pub until: u64,
    /// The address it asked from.
    pub host: [u8; 16],
    /// The link-local address of ours that it knows.
    pub router: [u8; 16],
    /// Advertisements a second to all hosts together, when it was told.
    pub rate: u32,
    /// Zero.
    pub reserved: u32,
}

map_types!(Client);

const _: () = assert!(size_of::<Client>() == 64);
