//! Who answers, and whom.

/// Addresses of router and host.
#[derive(Clone, Copy, Debug)]
pub struct Ends<'text> {
    /// Outer ones.
    pub ipv4: [&'text str; 2],
    /// Inner ones.
    pub ipv6: [&'text str; 2],
}

/// Those of Microsoft's capture.
pub const TEN: Ends<'_> = Ends {
    ipv4: ["10.0.0.1", "10.0.0.2"],
    ipv6: ["fe80::5efe:10.0.0.1", "fe80::5efe:10.0.0.2"],
};

/// u clear.
pub const LOCAL: Ends<'_> = Ends {
    ipv4: ["192.0.2.1", "192.0.2.5"],
    ipv6: ["fe80::5efe:192.0.2.1", "fe80::5efe:192.0.2.5"],
};

/// u set.
pub const UNIQUE: Ends<'_> = Ends {
    ipv4: ["198.51.100.1", "198.51.100.5"],
    ipv6: ["fe80::200:5efe:198.51.100.1", "fe80::200:5efe:198.51.100.5"],
};

impl Ends<'_> {
    /// The headers, for scapy, of a Neighbor Discovery message from router to host.
    pub fn headers(&self) -> String {
        let ([from, to], [source, destination]) = (self.ipv4, self.ipv6);
        format!(
            "IP(src='{from}',dst='{to}',tos=0,ttl=64,flags=0,proto=41)\
             /IPv6(src='{source}',dst='{destination}',tc=0,hlim=255)"
        )
    }
}
