//! What holds after every event.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Result, ensure};
use isatap_ctl::daemon::link::Link;
use isatap_ctl::nd::host::{HostState, Route, Solicit};

use super::draw::{self, LOCATORS};
use super::model::{Model, NEVER};
use super::octets::Prefix;

/// `RTR_SOLICITATION_INTERVAL` (RFC 4861 section 10).
const INTERVAL: Duration = Duration::from_secs(4);
/// `MAX_RTR_SOLICITATION_DELAY`.
const DELAY: Duration = Duration::from_secs(1);

/// The host holds what the model does: nothing else, nothing less, and no longer.
pub fn state(model: &Model, state: &HostState) -> Result<()> {
    routes(model, state)?;
    addresses(model, state)?;
    let on_link = state.on_link.iter();
    let on_link = on_link.map(|net| (bits(net.prefix), end(net.valid_until)));
    let expected = model.on_link.iter().map(|(net, claim)| (*net, claim.valid));
    same("prefixes on the link", on_link, expected)?;
    let servers = state.dns_servers.iter();
    let servers = servers.map(|server| {
        let key = (server.address.to_bits(), server.via);
        (key, end(server.valid_until))
    });
    let expected = model.servers.iter().map(|(server, end)| (*server, *end));
    same("servers", servers, expected)?;
    for domain in &state.search_domains {
        ensure!(model.members.contains_key(&domain.via), "{domain:?}");
        ensure!(end(domain.valid_until) > model.now, "{domain:?} has ended");
    }
    ensure!(
        state.mtu == model.mtu.map(|(mtu, _)| mtu),
        "MTU {:?}",
        state.mtu
    );
    let hop_limit = model.hop_limit.map(|(limit, _)| limit);
    ensure!(
        state.hop_limit == hop_limit,
        "hop limit {:?}",
        state.hop_limit
    );
    Ok(())
}

fn routes(model: &Model, state: &HostState) -> Result<()> {
    for route in all_routes(state) {
        let is_listed = model.members.contains_key(&route.via);
        ensure!(is_listed, "a router that is not listed: {route:?}");
        let both = [false, true].map(|form| draw::link_local(form, route.via));
        ensure!(both.contains(&route.gateway), "not its address: {route:?}");
    }
    let defaults = state.default_routes.iter();
    ensure!(defaults.clone().all(|route| route.prefix.length() == 0));
    ensure!(state.routes.iter().all(|route| route.prefix.length() > 0));
    let routes = all_routes(state);
    let routes = routes.map(|route| ((bits(route.prefix), route.via), end(route.valid_until)));
    let expected = model.routes.iter().map(|(route, end)| (*route, *end));
    same("routes", routes, expected)
}

/// Each in an advertised prefix, with the identifier of the IPv4 address of now.
fn addresses(model: &Model, state: &HostState) -> Result<()> {
    let locator = model.locator.map(|locator| LOCATORS[locator]);
    let expected = model.addresses.iter().filter_map(|((bits, _), claim)| {
        let (ipv4, is_global) = locator?;
        let address = draw::isatap((bits >> 64) as u64, is_global, ipv4);
        Some((address, (claim.preferred, claim.valid)))
    });
    let addresses = state.addresses.iter();
    let addresses = addresses.map(|address| {
        let lifetimes = (end(address.preferred_until), end(address.valid_until));
        (address.address, lifetimes)
    });
    same("addresses", addresses, expected)
}

/// What the kernel shall have: of the routes to each destination one, and none to what is on the link.
pub fn link(model: &Model, state: &HostState, dead: &BTreeMap<Ipv4Addr, Duration>) -> Result<()> {
    let link = Link::of_host(state, |router| dead.get(&router).copied());
    for (destination, gateway) in &link.routes {
        let mut routers = model.members.keys();
        let is_listed = routers.any(|router| {
            [false, true]
                .map(|form| draw::link_local(form, *router))
                .contains(&gateway.address)
        });
        ensure!(is_listed, "{destination} by {gateway:?}");
    }
    let destinations = model.routes.keys().map(|(prefix, _)| *prefix);
    let wanted = destinations.filter(|prefix| !model.on_link.contains_key(prefix));
    let wanted: BTreeSet<Prefix> = wanted.collect();
    let had = link.routes.keys();
    let had = had.map(|net| (net.network().to_bits(), net.prefix_len()));
    ensure!(
        had.eq(wanted.iter().copied()),
        "{link:?} instead of {wanted:x?}"
    );
    Ok(())
}

/// Only listed routers are asked, from our address, and none twice in four seconds.
pub fn question(model: &Model, question: &Solicit) -> Result<Ipv4Addr> {
    let (ipv4, is_global) = LOCATORS[model.locator.unwrap()];
    let ours = draw::link_local(is_global, ipv4);
    ensure!(question.source == ours, "{question:?}");
    let router = Ipv4Addr::from_bits(question.destination.to_bits() as u32);
    let both = [false, true].map(|form| draw::link_local(form, router));
    ensure!(both.contains(&question.destination), "{question:?}");
    let Some(member) = model.members.get(&router) else {
        anyhow::bail!("asked, and not listed: {question:?}");
    };
    let since = member.asked.map(|asked| model.now.saturating_sub(asked));
    ensure!(
        since.is_none_or(|since| since >= INTERVAL),
        "{since:?} after the last {question:?}"
    );
    Ok(router)
}

/// The host is never late: it wants to be woken before anything it holds ends, and to ask new
/// routers; and it does not want to be woken for what it has just done.
pub fn deadline(model: &Model, state: &HostState, deadline: Option<Duration>) -> Result<()> {
    let deadline = deadline.unwrap_or(NEVER);
    ensure!(deadline > model.now, "it does not sleep");
    let addresses = state.addresses.iter();
    let addresses = addresses.flat_map(|address| [address.preferred_until, address.valid_until]);
    let on_link = state.on_link.iter().map(|net| net.valid_until);
    let routes = all_routes(state).map(|route| route.valid_until);
    let ends = addresses.chain(on_link).chain(routes).map(end);
    let first = ends.filter(|end| *end > model.now).min();
    ensure!(
        first.is_none_or(|first| deadline <= first),
        "it sleeps past {first:?}"
    );
    let is_new = |member: &super::model::Member| member.asked.is_none();
    if model.locator.is_some() && model.members.values().any(is_new) {
        ensure!(deadline <= model.now + DELAY, "a new router is not asked");
    }
    Ok(())
}

fn all_routes(state: &HostState) -> impl Iterator<Item = &Route> {
    state.default_routes.iter().chain(&state.routes)
}

fn bits(prefix: isatap_common::nd::Prefix) -> Prefix {
    (prefix.address().to_bits(), prefix.length())
}

fn end(until: Option<Duration>) -> Duration {
    until.unwrap_or(NEVER)
}

/// Each once, in any order.
fn same<K: Ord + Debug, V: PartialEq + Debug>(
    what: &str,
    had: impl Iterator<Item = (K, V)>,
    expected: impl Iterator<Item = (K, V)>,
) -> Result<()> {
    let mut had: Vec<_> = had.collect();
    had.sort_by(|(one, _), (other, _)| one.cmp(other));
    let expected: Vec<_> = expected.collect();
    ensure!(had == expected, "{what}: {had:x?} instead of {expected:x?}");
    Ok(())
}
