/// The key of `UNCACHED`: where `isatap_xdp` goes on with a frame that it does not forward itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Uncached {
    /// Protocol 41 of which nothing is known yet: the whole decision.
    In = 0,
    /// IPv6 for a node of the link, likewise.
    Out = 1,
    /// Protocol 41 that `isatap_xdp` has found in order and from a host that was admitted: all but
    /// the way out.
    InAdmitted = 2,
    /// IPv6 for a node of the link whose way is not in the cache, but perhaps what was decided about
    /// the node.
    OutUnknown = 3,
    /// Protocol 41 from a host that has no line of its own but one of its block, and which is to be accounted for.
    InBlock = 4,
    /// IPv6 for such a host, likewise.
    OutBlock = 5,
    /// IPv4 from a NIC that is on both sides: the program of an uplink.
    Uplink = 6,
    /// IPv6 from a NIC that is on both sides: the program of a native link.
    Native = 7,
}

impl Uncached {
    /// All, in the order of the map.
    pub const ALL: [Self; 8] = [
        Self::In,
        Self::Out,
        Self::InAdmitted,
        Self::OutUnknown,
        Self::InBlock,
        Self::OutBlock,
        Self::Uplink,
        Self::Native,
    ];

    /// The name of the program.
    pub const fn program(self) -> &'static str {
        match self {
            Self::In => "isatap_xdp_in",
            Self::Out => "isatap_xdp_out",
            Self::InAdmitted => "isatap_way_in",
            Self::OutUnknown => "isatap_way_out",
            Self::InBlock => "isatap_acct_in",
            Self::OutBlock => "isatap_acct_out",
            // Of object files of their own.
            Self::Uplink | Self::Native => "isatap_xdp",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kernel cuts longer ones.
    #[test]
    fn names_have_fifteen_letters_at_most() {
        assert!(Uncached::ALL.iter().all(|place| place.program().len() < 16));
    }
}
