use super::Link;
use crate::config::{RoleSettings, Settings};

/// The sysctl by which a machine forwards IPv6, on all devices or none.
pub const FORWARDING: &str = "net/ipv6/conf/all/forwarding";

/// Hop limit of what a host sends, unless a router says otherwise; the kernel's own.
const HOP_LIMIT: u8 = 64;

/// The daemon, not the kernel, acts on advertisements; uniqueness follows from the IPv4 address,
/// so there is no duplicate address detection; and IPv4 forwarding on the device lets the
/// programs ask the routing table (docs/decisions/0002).
pub(super) fn sysctls(settings: &Settings, link: &Link) -> Vec<(String, String)> {
    let name = &settings.interface.name;
    let role = match settings.role {
        RoleSettings::Router(_) => (FORWARDING.to_owned(), "1"),
        RoleSettings::Host(_) => (format!("net/ipv6/conf/{name}/forwarding"), "0"),
    };
    let sysctls = [
        (format!("net/ipv6/conf/{name}/disable_ipv6"), "0"),
        (format!("net/ipv6/conf/{name}/accept_dad"), "0"),
        (format!("net/ipv4/conf/{name}/forwarding"), "1"),
        role,
        (format!("net/ipv6/conf/{name}/accept_ra"), "0"),
    ];
    let mut sysctls = Vec::from(sysctls.map(|(key, value)| (key, value.to_owned())));
    if matches!(settings.role, RoleSettings::Host(_)) {
        let hop_limit = link.hop_limit.unwrap_or(HOP_LIMIT);
        sysctls.push((
            format!("net/ipv6/conf/{name}/hop_limit"),
            hop_limit.to_string(),
        ));
    }
    sysctls
}
