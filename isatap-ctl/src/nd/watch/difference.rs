use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv6Addr;
use std::time::Duration;

use isatap_common::nd::{DomainName, Lifetime, Prefix, PrefixInformation, RouterAdvert};

use crate::clock::Boottime;

/// How far apart two routers may let a prefix end: operators change one after the other.
const SKEW: Duration = Duration::from_mins(5);
/// Options of each kind that are kept of the parts of one advertisement.
pub(super) const LIMIT: usize = 1024;

/// What we advertise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// With lifetimes that stay the same.
    pub advert: RouterAdvert,
    /// Prefixes that are withdrawn, and when they end: their lifetimes decrement in real time.
    pub ending: BTreeMap<Prefix, Boottime>,
}

/// What a peer advertises.
#[derive(Debug)]
pub(super) struct Heard {
    /// When its first part came.
    pub(super) first: Boottime,
    /// All parts together.
    pub(super) advert: RouterAdvert,
}

impl Heard {
    /// Takes one more part of the same advertisement.
    pub(super) fn add(&mut self, part: RouterAdvert) {
        let all = std::mem::replace(&mut self.advert, part);
        let part = &mut self.advert;
        part.mtu = part.mtu.or(all.mtu);
        join(&mut part.prefixes, all.prefixes);
        join(&mut part.dns_servers, all.dns_servers);
        join(&mut part.search_lists, all.search_lists);
    }
}

fn join<T>(part: &mut Vec<T>, all: Vec<T>) {
    part.splice(0..0, all);
    part.truncate(LIMIT);
}

/// What routers may contradict each other in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// Cur Hop Limit.
    HopLimit,
    /// The flag M.
    Managed,
    /// The flag O.
    Other,
    /// Reachable Time.
    ReachableTime,
    /// Retrans Timer.
    RetransTimer,
    /// The MTU option.
    Mtu,
    /// Valid Lifetime of a prefix.
    Valid(Prefix),
    /// Preferred Lifetime of a prefix.
    Preferred(Prefix),
    /// Lifetime of a recursive DNS server (RFC 8106).
    Server(Ipv6Addr),
    /// Lifetime of a search domain (RFC 8106).
    Domain(DomainName),
}

impl fmt::Display for Item {
    /// By the key of the configuration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HopLimit => f.write_str("hop-limit"),
            Self::Managed => f.write_str("managed"),
            Self::Other => f.write_str("other"),
            Self::ReachableTime => f.write_str("reachable-time"),
            Self::RetransTimer => f.write_str("retrans-timer"),
            Self::Mtu => f.write_str("mtu"),
            Self::Valid(prefix) => write!(f, "valid of {prefix}"),
            Self::Preferred(prefix) => write!(f, "preferred of {prefix}"),
            Self::Server(address) => write!(f, "dns lifetime of {address}"),
            Self::Domain(name) => write!(f, "dns lifetime of {}", name.as_str()),
        }
    }
}

/// Two values of one thing, with their units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What we advertise.
    pub ours: String,
    /// What the peer does.
    pub theirs: String,
}

/// Where hosts would change from one value to the other with each advertisement (RFC 4861 section
/// 6.2.7). What only one router tells, or leaves unspecified, is no contradiction; nor is what is said
/// of the router itself, such as its lifetime, its preference and the routes through it.
pub(super) fn differences(told: &Told, heard: &Heard) -> BTreeMap<Item, Difference> {
    let (ours, theirs) = (&told.advert, &heard.advert);
    let mut found = Found::default();
    let specified = |ours: u32, theirs: u32| (ours != 0 && theirs != 0).then_some((ours, theirs));
    let limits = specified(ours.hop_limit.into(), theirs.hop_limit.into());
    found.compare(Item::HopLimit, limits, u32::to_string);
    let times = specified(ours.reachable_time, theirs.reachable_time);
    found.compare(Item::ReachableTime, times, |time| format!("{time} ms"));
    let times = specified(ours.retrans_timer, theirs.retrans_timer);
    found.compare(Item::RetransTimer, times, |time| format!("{time} ms"));
    let flag = |is_set: &bool| is_set.to_string();
    let flags = |ours, theirs| (!is_last(&heard.advert)).then_some((ours, theirs));
    found.compare(Item::Managed, flags(ours.managed, theirs.managed), flag);
    found.compare(Item::Other, flags(ours.other, theirs.other), flag);
    found.compare(Item::Mtu, ours.mtu.zip(theirs.mtu), u32::to_string);
    found.prefixes(told, heard);
    found.names(ours, theirs);
    found.0
}

/// The last word of a router that ceases may come from who does not know what its flags were.
fn is_last(theirs: &RouterAdvert) -> bool {
    theirs.lifetime == 0 && theirs.mtu.is_none() && theirs.prefixes.is_empty()
}

#[derive(Default)]
struct Found(BTreeMap<Item, Difference>);

impl Found {
    fn compare<T: PartialEq>(
        &mut self,
        item: Item,
        values: Option<(T, T)>,
        text: impl Fn(&T) -> String,
    ) {
        if let Some((ours, theirs)) = values.filter(|(ours, theirs)| ours != theirs) {
            let (ours, theirs) = (text(&ours), text(&theirs));
            self.0.insert(item, Difference { ours, theirs });
        }
    }

    fn lifetimes(&mut self, item: Item, ours: Option<Lifetime>, theirs: Lifetime) {
        self.compare(item, ours.map(|ours| (ours, theirs)), |lifetime| {
            text(*lifetime)
        });
    }

    fn prefixes(&mut self, told: &Told, heard: &Heard) {
        let ours = told.advert.prefixes.iter();
        let ours: BTreeMap<_, _> = ours.map(|option| (option.prefix, option)).collect();
        for theirs in &heard.advert.prefixes {
            let prefix = theirs.prefix;
            if let Some(ours) = ours.get(&prefix) {
                self.lifetimes(Item::Valid(prefix), Some(ours.valid), theirs.valid);
                self.lifetimes(
                    Item::Preferred(prefix),
                    Some(ours.preferred),
                    theirs.preferred,
                );
            } else if let Some(end) = told.ending.get(&prefix) {
                self.ending(theirs, end.saturating_sub(heard.first));
            }
        }
    }

    /// A prefix of which this was left when the peer advertised it.
    fn ending(&mut self, theirs: &PrefixInformation, left: Duration) {
        let prefix = theirs.prefix;
        let seconds = u32::try_from(left.as_secs()).unwrap_or(u32::MAX);
        let together = match theirs.valid {
            Lifetime::Seconds(theirs) => seconds.abs_diff(theirs) <= SKEW.as_secs() as u32,
            Lifetime::Infinite => false,
        };
        if !together {
            let ours = Some(Lifetime::Seconds(seconds));
            self.lifetimes(Item::Valid(prefix), ours, theirs.valid);
        }
        let deprecated = Some(Lifetime::ZERO);
        self.lifetimes(Item::Preferred(prefix), deprecated, theirs.preferred);
    }

    fn names(&mut self, ours: &RouterAdvert, theirs: &RouterAdvert) {
        let known = servers(ours);
        for (server, lifetime) in servers(theirs) {
            self.lifetimes(Item::Server(server), known.get(&server).copied(), lifetime);
        }
        let known = domains(ours);
        for (name, lifetime) in domains(theirs) {
            let ours = known.get(&name).copied();
            self.lifetimes(Item::Domain(name), ours, lifetime);
        }
    }
}

fn servers(advert: &RouterAdvert) -> BTreeMap<Ipv6Addr, Lifetime> {
    let options = advert.dns_servers.iter();
    let servers = options.flat_map(|option| {
        let addresses = option.addresses.iter();
        addresses.map(|address| (*address, option.lifetime))
    });
    servers.collect()
}

fn domains(advert: &RouterAdvert) -> BTreeMap<DomainName, Lifetime> {
    let options = advert.search_lists.iter();
    let domains = options.flat_map(|option| {
        let names = option.names.iter();
        names.map(|name| (name.clone(), option.lifetime))
    });
    domains.collect()
}

fn text(lifetime: Lifetime) -> String {
    match lifetime {
        Lifetime::Seconds(seconds) => format!("{seconds} s"),
        Lifetime::Infinite => "infinite".to_owned(),
    }
}
