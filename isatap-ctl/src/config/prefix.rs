use ipnet::Ipv6Net;
use isatap_common::addr;
use toml::de::DeValue;

use super::schema::Wrong;
use super::value;

/// An IPv6 prefix that may be advertised: no host bits, neither link-local nor multicast.
pub(super) fn advertised(value: &DeValue<'_>) -> Result<Ipv6Net, Wrong> {
    let prefix = value::parsed::<Ipv6Net>(value)
        .ok_or_else(|| Wrong::expected("an IPv6 prefix such as \"2001:db8:0:1::/64\""))?;
    let octets = prefix.addr().octets();
    let because = |reason: String| Err(Wrong::Because(format!("\"{prefix}\" {reason}")));
    if prefix.trunc() != prefix {
        let meant = prefix.trunc();
        return because(format!(
            "has bits set behind its length; the prefix is \"{meant}\""
        ));
    }
    if addr::is_link_local(&octets) {
        return because("is link-local, which is never advertised".to_owned());
    }
    if addr::is_multicast(&octets) {
        return because("is multicast; expected a unicast prefix".to_owned());
    }
    Ok(prefix)
}

/// The same, but not the default route: a prefix of hosts.
pub(super) fn on_link(value: &DeValue<'_>) -> Result<Ipv6Net, Wrong> {
    let prefix = advertised(value)?;
    if prefix.prefix_len() == 0 || addr::is_martian_source(&prefix.addr().octets()) {
        let reason = format!("\"{prefix}\" holds no addresses that nodes can have");
        return Err(Wrong::Because(reason));
    }
    Ok(prefix)
}
