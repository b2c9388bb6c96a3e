use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::config::Xdp;
use crate::interrupt;
use crate::lab::Lab;
use crate::ns::Inside;
use crate::site::{HOST_A, HOST_B, isatap_address};
use crate::story::Evidence;

/// Both hosts have the address that embeds their IPv4 address, and a default route.
pub fn configure(lab: &mut Lab, _xdp: Xdp) -> Evidence {
    let (a, b) = (lab.names.host_a_device(), lab.names.host_b_device());
    Ok(vec![
        configured(&lab.site.host_a, a, HOST_A)?,
        configured(&lab.site.host_b, b, HOST_B)?,
    ])
}

fn configured(host: &Inside, device: &str, ipv4: Ipv4Addr) -> Result<String> {
    let wanted = isatap_address(ipv4);
    let route = interrupt::poll(Duration::from_secs(30), || {
        let routes = host.run(&format!("ip -6 route show default dev {device}"))?;
        let route = routes.lines().next().map(|line| line.trim().to_string());
        Ok(route.filter(|_| has(host, device, wanted)))
    })?;
    let route = route.with_context(|| {
        let addresses = host.global_addresses(device).unwrap_or_default();
        format!("{device} has no {wanted} and default route, but {addresses:?}")
    })?;
    Ok(format!("{device}  {ipv4} → {wanted}, {route}"))
}

fn has(host: &Inside, device: &str, wanted: std::net::Ipv6Addr) -> bool {
    host.global_addresses(device)
        .is_ok_and(|addresses| addresses.contains(&wanted))
}
