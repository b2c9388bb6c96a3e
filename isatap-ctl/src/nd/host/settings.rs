use std::time::Duration;

/// What a host takes from its routers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the file, and no two of them make one state"
)]
pub struct Settings {
    /// Least time between a router's answer and the next question to it (RFC 5214 section 8.3.4).
    pub min_solicit_interval: Duration,
    /// The most time; without it a router is asked again before the first thing that it told ends.
    pub max_solicit_interval: Option<Duration>,
    /// Take addresses and on-link prefixes.
    pub accept_prefixes: bool,
    /// Take default routes.
    pub accept_default: bool,
    /// Take other routes (RFC 4191).
    pub accept_routes: bool,
    /// Take the MTU option.
    pub accept_mtu: bool,
    /// Keep resolvers for the report (RFC 8106).
    pub accept_dns: bool,
    /// Least Cur Hop Limit that is believed.
    pub min_hop_limit: u8,
    /// Largest MTU that is believed: that of the device.
    pub max_mtu: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            min_solicit_interval: Duration::from_mins(2),
            max_solicit_interval: None,
            accept_prefixes: true,
            accept_default: true,
            accept_routes: true,
            accept_mtu: true,
            accept_dns: true,
            min_hop_limit: 32,
            max_mtu: 1480,
        }
    }
}
