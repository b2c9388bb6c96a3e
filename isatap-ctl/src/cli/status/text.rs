use anyhow::Result;

use crate::cli::columns::Columns;
use crate::cli::{Output, prl, words};
use crate::control::{
    AdvertisedBy, DaemonStatus, DnsStatus, LayerTotals, LinkStatus, LoopLag, ResolvedStatus,
    ResolverStatus, StatusDocument, TcState, XdpState,
};

/// Everything, in sections; a section without content is left out.
pub(super) fn print(status: &StatusDocument, output: &mut Output<'_>) -> Result<()> {
    summary(status, output)?;
    links("uplinks", &status.uplinks, output)?;
    links("links", &status.links, output)?;
    if !status.locators.is_empty() {
        locators(status, output)?;
    }
    if !status.prefixes.is_empty() {
        prefixes(status, output)?;
    }
    if !status.mappings.is_empty() {
        mappings(status, output)?;
    }
    if !status.prl.is_empty() {
        heading("potential router list", output)?;
        prl::print(&status.prl, output)?;
    }
    if let Some(resolver) = &status.resolver {
        self::resolver(resolver, output)?;
    }
    if let Some(advertising) = &status.advertising {
        super::advertising::print(advertising, output)?;
    }
    if !status.peers.is_empty() {
        super::peers::print(&status.peers, output)?;
    }
    if !status.routers.is_empty() {
        routers(status, output)?;
    }
    dns(&status.dns, output)?;
    counters(&status.counters, output)
}

pub(super) fn heading(text: &str, output: &mut Output<'_>) -> Result<()> {
    writeln!(output.to, "\n{}", output.style.bold(text))?;
    Ok(())
}

fn summary(status: &StatusDocument, output: &mut Output<'_>) -> Result<()> {
    let role = status.role;
    writeln!(
        output.to,
        "{}: {role}",
        output.style.bold(&status.interface)
    )?;
    let daemon = daemon(&status.daemon);
    let daemon = if status.daemon.alive {
        output.style.good(&daemon)
    } else {
        output.style.bad(&daemon)
    };
    writeln!(output.to, "  daemon     {daemon}")?;
    if let Some(lag) = status.daemon.loop_lag {
        writeln!(output.to, "  loop lag   {}", loop_lag(lag))?;
    }
    match &status.device {
        Some(device) => {
            let state = if device.up { "up" } else { "down" };
            writeln!(output.to, "  device     {state}, mtu {}", device.mtu)?;
        }
        None => writeln!(output.to, "  device     {}", output.style.bad("missing"))?,
    }
    if let Some(by) = status.advertised_by {
        writeln!(output.to, "  adverts    {}", adverts(by))?;
    }
    for address in &status.addresses {
        writeln!(output.to, "  address    {address}")?;
    }
    for suspicion in &status.suspicions {
        let suspicion = suspicion.to_string();
        writeln!(output.to, "  suspect    {}", output.style.bad(&suspicion))?;
    }
    Ok(())
}

fn loop_lag(lag: LoopLag) -> String {
    let [half, most, all] = [
        lag.p50_microseconds,
        lag.p99_microseconds,
        lag.max_microseconds,
    ]
    .map(|microseconds| format!("{:.1} ms", f64::from(microseconds) / 1000.0));
    format!("p50 {half}, p99 {most}, max {all}")
}

const fn adverts(by: AdvertisedBy) -> &'static str {
    match by {
        AdvertisedBy::Daemon => "from the daemon",
        AdvertisedBy::Other => "from another program, as router.advertise = false wants it",
    }
}

fn daemon(daemon: &DaemonStatus) -> String {
    if let (false, Some(pid)) = (daemon.alive, daemon.pid) {
        return format!("pid {pid} is starting, or does not answer");
    }
    if !daemon.alive {
        return "not running; the kernel forwards on its own".to_owned();
    }
    let pid = daemon.pid.map(|pid| format!(", pid {pid}"));
    let version = daemon
        .version
        .as_ref()
        .map(|version| format!(", version {version}"));
    format!(
        "alive{}{}",
        pid.unwrap_or_default(),
        version.unwrap_or_default()
    )
}

fn links(title: &str, links: &[LinkStatus], output: &mut Output<'_>) -> Result<()> {
    if links.is_empty() {
        return Ok(());
    }
    heading(title, output)?;
    let mut columns = Columns::new(["name", "xdp", "reason"]);
    for link in links {
        let xdp = match link.xdp {
            XdpState::Native => "native",
            XdpState::Generic => "generic",
            XdpState::Off => "off",
        };
        let xdp = match link.tc {
            Some(TcState::Forward) => format!("{xdp}, tc forward"),
            None => xdp.to_owned(),
        };
        columns.row([link.name.clone(), xdp, link.reason.clone()]);
    }
    columns.print(output.to, output.style)?;
    Ok(())
}

fn locators(status: &StatusDocument, output: &mut Output<'_>) -> Result<()> {
    heading("locators", output)?;
    let mut columns = Columns::new(["ipv4", "interface", "link-local"]);
    for locator in &status.locators {
        columns.row([
            locator.ipv4.to_string(),
            locator.interface.clone(),
            locator.link_local.to_string(),
        ]);
    }
    columns.print(output.to, output.style)?;
    Ok(())
}

fn prefixes(status: &StatusDocument, output: &mut Output<'_>) -> Result<()> {
    heading("prefixes", output)?;
    let mut columns = Columns::new(["prefix", "valid", "preferred", "router"]);
    for prefix in &status.prefixes {
        columns.row([
            prefix.prefix.to_string(),
            words::left(prefix.valid_seconds),
            words::seconds(prefix.preferred_seconds),
            prefix
                .router
                .map(|ipv4| ipv4.to_string())
                .unwrap_or_default(),
        ]);
    }
    columns.print(output.to, output.style)?;
    Ok(())
}

fn mappings(status: &StatusDocument, output: &mut Output<'_>) -> Result<()> {
    heading("prefixes behind hosts", output)?;
    let mut columns = Columns::new(["prefix", "via"]);
    for mapping in &status.mappings {
        columns.row([mapping.prefix.to_string(), mapping.via.to_string()]);
    }
    columns.print(output.to, output.style)?;
    Ok(())
}

fn resolver(resolver: &ResolverStatus, output: &mut Output<'_>) -> Result<()> {
    heading("name of the routers", output)?;
    writeln!(output.to, "  name       {}", resolver.domain)?;
    let answer = match resolver.last_answer_seconds {
        Some(seconds) => format!("{seconds}s ago"),
        None => "none yet".to_owned(),
    };
    writeln!(output.to, "  answered   {answer}")?;
    if let Some(error) = &resolver.last_error {
        let ago = words::seconds(resolver.last_error_seconds);
        let failed = format!("{ago} ago: {error}");
        writeln!(output.to, "  failed     {}", output.style.bad(&failed))?;
    }
    let next = match resolver.next_lookup_seconds {
        Some(seconds) => format!("in {seconds}s"),
        None => "under way".to_owned(),
    };
    writeln!(output.to, "  next       {next}")?;
    for router in &resolver.refused {
        writeln!(output.to, "  refused    {router}")?;
    }
    Ok(())
}

fn routers(status: &StatusDocument, output: &mut Output<'_>) -> Result<()> {
    heading("default routers", output)?;
    let mut columns = Columns::new(["address", "ipv4", "preference", "lifetime"]);
    for router in &status.routers {
        columns.row([
            router.address.to_string(),
            router.ipv4.to_string(),
            words::preference_name(router.preference).to_owned(),
            words::left(router.lifetime_left),
        ]);
    }
    columns.print(output.to, output.style)?;
    Ok(())
}

fn dns(dns: &DnsStatus, output: &mut Output<'_>) -> Result<()> {
    if dns.servers.is_empty() && dns.search.is_empty() && dns.resolved.is_none() {
        return Ok(());
    }
    heading("dns", output)?;
    for server in &dns.servers {
        writeln!(output.to, "server {server}")?;
    }
    for search in &dns.search {
        writeln!(output.to, "search {search}")?;
    }
    if let Some(resolved) = &dns.resolved {
        self::resolved(resolved, output)?;
    }
    Ok(())
}

fn resolved(resolved: &ResolvedStatus, output: &mut Output<'_>) -> Result<()> {
    let state = match &resolved.last_error {
        _ if resolved.taken => "systemd-resolved has them".to_owned(),
        None => "systemd-resolved is asked to take them".to_owned(),
        Some(error) => {
            let ago = words::seconds(resolved.last_error_seconds);
            let failed = format!("systemd-resolved does not take them, {ago} ago: {error}");
            output.style.bad(&failed)
        }
    };
    writeln!(output.to, "{state}")?;
    Ok(())
}

fn counters(totals: &[LayerTotals], output: &mut Output<'_>) -> Result<()> {
    heading("packets (bytes)", output)?;
    crate::cli::stats::print_totals(totals, output)
}
