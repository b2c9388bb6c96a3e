use std::time::Duration;

use toml::de::DeValue;

use super::schema::{Table, Wrong};
use super::settings::HostSettings;
use super::{duration, value};

/// Reads `[host]`.
pub(super) fn read(table: &Table<'_>) -> HostSettings {
    let switch = |key| table.read(key, value::switch).unwrap_or(true);
    let host = HostSettings {
        prl: table.list("prl", value::ipv4).unwrap_or_default(),
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
        report_dns: report_dns(table),
        min_hop_limit: table
            .read("min-hop-limit", value::number(0..=255))
            .unwrap_or(32),
    };
    later(table);
    table.refuse_unknown();
    host
}

#[derive(Clone, Copy, PartialEq)]
enum AcceptDns {
    Report,
    Resolved,
    Off,
}

fn report_dns(table: &Table<'_>) -> bool {
    let words = [
        ("report", AcceptDns::Report),
        ("resolved", AcceptDns::Resolved),
        ("off", AcceptDns::Off),
    ];
    let accept = table.read("accept-dns", value::word(&words));
    if accept == Some(AcceptDns::Resolved) {
        table.unsupported("accept-dns");
    }
    accept != Some(AcceptDns::Off)
}

/// Keys whose function is not there yet.
fn later(table: &Table<'_>) {
    if table.read("domain", domain) == Some(true) {
        table.unsupported("domain");
    }
    let allowed = table.list("prl-allow", value::ipv4_prefix);
    if allowed.is_some_and(|list| !list.is_empty()) {
        table.unsupported("prl-allow");
    }
    let refresh = duration::at_least(Duration::from_secs(1));
    if table.read("refresh", refresh).is_some() {
        table.unsupported("refresh");
    }
}

/// Whether a name is given.
fn domain(value: &DeValue<'_>) -> Result<bool, Wrong> {
    if value.as_str() == Some("") {
        return Ok(false);
    }
    value::domain(value)
        .ok()
        .filter(|name| name.contains('.'))
        .map(|_| true)
        .ok_or_else(|| {
            Wrong::expected("a fully qualified name such as \"isatap.example.com\", or \"\"")
        })
}
