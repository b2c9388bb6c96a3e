//! How large a packet into the tunnel may be (RFC 4213 section 3.2).

use crate::{
    abi::{Config, Switches},
    wire::ipv4,
};

/// Smallest MTU of an IPv6 link (RFC 8200 section 5).
pub const MIN_MTU: u32 = 1280;
/// Octets that encapsulation adds.
const OUTER: u32 = ipv4::LENGTH as u32;

/// What goes to one destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Octets of the largest outer packet that leaves in one piece.
    pub total: u32,
    /// Octets of the largest inner packet that leaves at all; for a larger one its source is told this
    /// number, never less than [`MIN_MTU`].
    pub inner: u32,
    /// Whether routers are kept from fragmenting it.
    pub dont_fragment: bool,
}

impl Limit {
    /// Where the way out takes IPv4 packets of `way` octets and the path, as far as is known, those of
    /// `path`.
    #[inline(always)]
    pub fn new(config: &Config, way: u32, path: Option<u32>) -> Self {
        let whole = config.mtu.saturating_add(OUTER).min(way);
        if !config.switches().has(Switches::DYNAMIC_MTU) {
            return Self {
                total: whole,
                inner: config.mtu,
                dont_fragment: false,
            };
        }
        let whole = whole.min(path.unwrap_or(whole));
        if whole >= MIN_MTU + OUTER {
            return Self {
                total: whole,
                inner: whole - OUTER,
                dont_fragment: true,
            };
        }
        // IPv4 has to fragment so that every packet of that size arrives, here or on the way.
        Self {
            total: way.min(MIN_MTU + OUTER),
            inner: MIN_MTU,
            dont_fragment: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use bytemuck::Zeroable as _;

    use super::*;

    fn limit(dynamic: bool, mtu: u32, way: u32, path: Option<u32>) -> (u32, u32, bool) {
        let switches = if dynamic {
            Switches::DYNAMIC_MTU
        } else {
            Switches::default()
        };
        let config = Config {
            mtu,
            switches: switches.0,
            ..Config::zeroed()
        };
        let limit = Limit::new(&config, way, path);
        (limit.total, limit.inner, limit.dont_fragment)
    }

    #[test]
    fn a_static_mtu_is_fragmented_to_whatever_the_way_takes() {
        assert_eq!(limit(false, 1480, 1500, None), (1500, 1480, false));
        assert_eq!(limit(false, 1280, 1500, None), (1300, 1280, false));
        assert_eq!(limit(false, 1480, 1400, None), (1400, 1480, false));
        assert_eq!(limit(false, 1480, 1500, Some(1400)), (1500, 1480, false));
        assert_eq!(limit(false, 1480, 576, None), (576, 1480, false));
    }

    /// Section 3.2.2, where the path MTU less 20 is 1280 or more, and where it is not.
    #[test]
    fn a_dynamic_mtu_follows_the_path_down_to_the_least() {
        assert_eq!(limit(true, 1480, 1500, None), (1500, 1480, true));
        assert_eq!(limit(true, 1480, 1400, None), (1400, 1380, true));
        assert_eq!(limit(true, 1480, 1500, Some(1400)), (1400, 1380, true));
        assert_eq!(limit(true, 1480, 1500, Some(9000)), (1500, 1480, true));
        assert_eq!(limit(true, 1480, 1500, Some(1300)), (1300, 1280, true));
        assert_eq!(limit(true, 1480, 1500, Some(1299)), (1300, 1280, false));
        assert_eq!(limit(true, 1480, 1500, Some(68)), (1300, 1280, false));
        assert_eq!(limit(true, 1280, 1299, None), (1299, 1280, false));
    }
}
