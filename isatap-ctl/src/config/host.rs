use std::net::Ipv4Addr;
use std::time::Duration;

use toml::de::DeValue;

use super::schema::{Table, Wrong};
use super::settings::{AcceptDns, HostSettings};
use super::{duration, value};

/// Reads `[host]`.
pub(super) fn read(table: &Table<'_>) -> HostSettings {
    let accept_dns = [
        ("report", AcceptDns::Report),
        ("resolved", AcceptDns::Resolved),
        ("off", AcceptDns::Off),
    ];
    let switch = |key| table.read(key, value::switch).unwrap_or(true);
    let host = HostSettings {
        prl: table.list("prl", value::ipv4).unwrap_or_default(),
        domain: table.read("domain", domain).flatten(),
        prl_allow: table
            .list("prl-allow", value::ipv4_prefix)
            .unwrap_or_default(),
        refresh: table
            .read("refresh", refresh)
            .unwrap_or(Duration::from_hours(1)),
        min_solicit_interval: table
            .read(
                "min-solicit-interval",
                duration::at_least(Duration::from_secs(1)),
            )
            .unwrap_or(Duration::from_mins(2)),
        accept_prefixes: switch("accept-prefixes"),
        accept_default: switch("accept-default"),
        accept_routes: switch("accept-routes"),
        accept_mtu: switch("accept-mtu"),
        accept_dns: table
            .read("accept-dns", value::word(&accept_dns))
            .unwrap_or(AcceptDns::Report),
        min_hop_limit: table
            .read("min-hop-limit", value::number(0..=255))
            .unwrap_or(32),
    };
    if host.domain.is_none() {
        for key in ["prl-allow", "refresh"] {
            table.idle(key, "host.domain names nothing to look up");
        }
    }
    table.refuse_unknown();
    host
}

/// `PrlRefreshInterval` of RFC 5214 section 8.3.1, which may be infinite.
fn refresh(value: &DeValue<'_>) -> Result<Duration, Wrong> {
    if value.as_str() == Some("infinite") {
        return Ok(Duration::MAX);
    }
    duration::at_least(Duration::from_secs(1))(value)
}

/// A name that no search list completes. One label alone needs its final dot, which says that this
/// is meant.
fn domain(value: &DeValue<'_>) -> Result<Option<String>, Wrong> {
    let text = value.as_str().unwrap_or_default();
    if value.as_str() == Some("") {
        return Ok(None);
    }
    if text.parse::<Ipv4Addr>().is_ok() {
        let why = format!("\"{text}\" is an address; write it in host.prl");
        return Err(Wrong::Because(why));
    }
    let name = value::domain(value).ok().filter(|_| text.contains('.'));
    name.map(Some).ok_or_else(|| {
        Wrong::expected("a fully qualified name such as \"isatap.example.com\", or \"\"")
    })
}
