//! The end of a router: hosts that rely on it are told, be it by the daemon or by whoever takes away
//! what a dead one has left (RFC 4861 section 6.2.5).

use std::{net::Ipv4Addr, time::Duration};

use anyhow::{Context as _, Result};
use isatap_common::{addr, nd::Prefix};
use tracing::{debug, info, warn};

use super::node::Node;
use crate::{
    clock::{self, Boottime},
    config::{RoleSettings, Settings},
    datapath::{Clients, Told},
    kernel::{Netlink, bpffs, sockets::Icmpv6Socket},
    nd::router::{Answered, Farewell},
};

/// Between two messages to a host: `MIN_DELAY_BETWEEN_RAS` (RFC 4861 section 10).
const APART: Duration = Duration::from_secs(3);
/// The same where somebody waits for the end.
const APART_IN_HASTE: Duration = Duration::from_millis(300);
/// How long somebody may wait for what is said again, and for what is said at all.
const HASTE: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(20);
/// Messages a second where nobody knows better.
const RATE: u32 = 1000;

/// A router that says that it is none any more.
pub struct Parting {
    socket: Icmpv6Socket,
    index: u32,
    farewell: Farewell,
}

impl Parting {
    /// On the interface `name` with number `index`.
    fn new(name: &str, index: u32, farewell: Farewell) -> Result<Self> {
        let socket = Icmpv6Socket::open(name, index, &[], None)?;
        Ok(Self {
            socket,
            index,
            farewell,
        })
    }

    /// When there is something to say.
    pub fn next_deadline(this: Option<&Self>) -> Option<Boottime> {
        this.and_then(|parting| parting.farewell.next_deadline())
    }

    /// Says what is due, and forgets whom it was said to: each is to hear it once for all.
    async fn speak(&mut self, clients: &mut Clients) {
        for last in self.farewell.poll(clock::now()) {
            let (from, to) = (last.source, last.destination);
            let sent = self.socket.send(from, to, self.index, &last.bytes);
            if let Err(error) = sent.await {
                debug!("to {to}: {error}");
            }
            if let Some(host) = addr::embedded(&to.octets()) {
                clients.forget(Ipv4Addr::from(host));
            }
        }
    }
}

/// Whether a node of this configuration advertises.
pub fn advertises(settings: &Settings) -> bool {
    matches!(&settings.role, RoleSettings::Router(router) if router.advertise)
}

impl Node {
    /// Says farewell where a router did that is none any more, and no more of it where one is.
    pub(super) fn cease_unless(&mut self, advertises: bool) {
        if advertises {
            self.parting = None;
        } else if let Err(error) = self.cease() {
            warn!("hosts are not told that this is no router any more: {error:#}");
        }
    }

    /// From now on tells the hosts that were answered within the advertised lifetime that this is no
    /// router any more. Its addresses have to stay until that is done.
    fn cease(&mut self) -> Result<()> {
        self.remember_clients();
        let now = clock::now();
        let hosts = living(&self.datapath.maps.clients, now);
        if hosts.is_empty() {
            return Ok(());
        }
        info!(
            "{} hosts are told that this is no router any more",
            hosts.len()
        );
        let maps = &self.datapath.maps;
        let rate = maps.clients.rate().unwrap_or(RATE);
        let farewell = Farewell::new(now, hosts, valid(&maps.told, now), rate, APART);
        let name = &self.settings.interface.name;
        self.parting = Some(Parting::new(name, self.index, farewell)?);
        Ok(())
    }

    /// Says farewell before this node ends and another takes its place.
    pub(super) async fn say_farewell(&mut self) {
        self.remember_clients();
        let name = self.settings.interface.name.clone();
        match say_farewell(&name).await {
            Ok((0, 0)) => {}
            Ok((told, untold)) => {
                info!("{told} hosts are told that {name} is no router any more, {untold} are not");
            }
            Err(error) => warn!("hosts are not told that this is no router any more: {error:#}"),
        }
    }

    /// Says what is due of a farewell.
    pub(super) async fn part(&mut self) {
        let Some(parting) = &mut self.parting else {
            return;
        };
        parting.speak(&mut self.datapath.maps.clients).await;
        if Parting::next_deadline(self.parting.as_ref()).is_none() {
            self.parting = None;
        }
    }

    /// Has the map follow which routes hosts are told.
    pub(super) fn remember_routes(&mut self) {
        let Some(advertiser) = self.discovery.advertiser() else {
            return;
        };
        let routes = advertiser.told_routes();
        if let Err(error) = self.datapath.maps.told.replace(&routes) {
            warn!("hosts would not be told that routes end: {error}");
        }
    }

    /// Has the map follow what the advertiser knows of its hosts.
    pub(super) fn remember_clients(&mut self) {
        let clients = &mut self.datapath.maps.clients;
        for (host, answered) in self.discovery.take_changed_clients() {
            let Some((answered, rate)) = answered else {
                clients.forget(host);
                continue;
            };
            if let Err(error) = clients.remember(&answered, rate) {
                debug!("CLIENTS: {host}: {error}");
            }
        }
    }
}

/// Says farewell for a daemon that is no more, to each host once and, as far as that takes no longer
/// than a second, twice again. Returns how many hosts were told and how many were not.
pub async fn say_farewell(interface: &str) -> Result<(usize, usize)> {
    let pins = bpffs::pin_directory(interface);
    let Some(mut clients) = Clients::pinned(&pins)? else {
        return Ok((0, 0));
    };
    let start = clock::now();
    let hosts = living(&clients, start);
    let count = hosts.len();
    if hosts.is_empty() {
        return Ok((0, 0));
    }
    let link = Netlink::connect()?.link(interface).await?;
    let link = link.with_context(|| format!("{interface} has gone"))?;
    let rate = clients.rate().unwrap_or(RATE);
    let told = Told::pinned(&pins)?;
    let routes = told.iter().flat_map(|told| valid(told, start));
    let farewell = Farewell::new(start, hosts, routes, rate, APART_IN_HASTE);
    let mut parting = Parting::new(interface, link.index, farewell)?;
    while let Some(deadline) = parting.farewell.next_deadline() {
        let is_repeated = parting.farewell.untold() == 0;
        let limit = if is_repeated { HASTE } else { LONGEST };
        if deadline > start + limit {
            break;
        }
        tokio::time::sleep(deadline.saturating_sub(clock::now())).await;
        parting.speak(&mut clients).await;
    }
    let untold = parting.farewell.untold();
    Ok((count - untold, untold))
}

/// How many hosts there are to whom farewell is to be said.
pub fn reliant(interface: &str) -> usize {
    let clients = Clients::pinned(&bpffs::pin_directory(interface));
    let clients = clients.ok().flatten();
    clients.map_or(0, |clients| living(&clients, clock::now()).len())
}

/// The routes that a host may still use.
fn valid(told: &Told, now: Boottime) -> impl Iterator<Item = Prefix> {
    let routes = told.all().into_iter();
    let valid = routes.filter(move |(_, until)| *until > now);
    valid.map(|(prefix, _)| prefix)
}

/// The hosts that still rely on the router.
fn living(clients: &Clients, now: Boottime) -> Vec<Answered> {
    let mut hosts = clients.all();
    hosts.retain(|host| host.until > now);
    hosts.sort_by_key(|host| host.host);
    hosts
}
