use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::time::Duration;

use isatap_common::nd::{
    DnsServers, DomainName, Lifetime, Preference, Prefix, PrefixInformation, RouteInformation,
    RouterAdvert, SearchList,
};

use crate::clock::Boottime;

/// How long something is withdrawn: for so long hosts keep addresses at most after the prefix was
/// (RFC 4862 section 5.5.3 e).
const TWO_HOURS: Duration = Duration::from_hours(2);

/// What was advertised and is no more, until nobody can rely on it any longer.
#[derive(Debug, Default)]
pub(super) struct Withdrawn {
    items: BTreeMap<Key, (Item, Boottime)>,
    first_end: Option<Boottime>,
}

/// Which thing an option is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Prefix(Prefix),
    Route(Prefix),
    Server(Ipv6Addr),
    Domain(DomainName),
}

#[derive(Clone, Debug)]
enum Item {
    Prefix(PrefixInformation),
    Route(RouteInformation),
    Server(Ipv6Addr),
    Domain(DomainName),
}

impl Withdrawn {
    /// The most things that are withdrawn at a time; those that end first go first.
    const LIMIT: usize = 4096;

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// The prefixes that are withdrawn, and when they end.
    pub(super) fn prefixes(&self) -> BTreeMap<Prefix, Boottime> {
        let items = self.items.iter();
        let prefixes = items.filter_map(|(key, (_, until))| match key {
            Key::Prefix(prefix) => Some((*prefix, *until)),
            _ => None,
        });
        prefixes.collect()
    }

    /// The routes that are withdrawn, and when they end.
    pub(super) fn routes(&self) -> impl Iterator<Item = (Prefix, Boottime)> {
        let items = self.items.iter();
        items.filter_map(|(key, (_, until))| match key {
            Key::Route(prefix) => Some((*prefix, *until)),
            _ => None,
        })
    }

    /// A route that hosts may use until then is advertised no more.
    pub(super) fn add_route(&mut self, now: Boottime, prefix: Prefix, until: Boottime) {
        let option = RouteInformation {
            prefix,
            preference: Preference::Medium,
            lifetime: Lifetime::ZERO,
        };
        let until = until.min(now.saturating_add(TWO_HOURS));
        let item = (Item::Route(option), until);
        self.items.insert(Key::Route(prefix), item);
        self.note_first_end();
    }

    /// `new` is advertised instead of `old`.
    pub(super) fn change(&mut self, now: Boottime, old: &RouterAdvert, new: &RouterAdvert) {
        let kept = items(new);
        for (key, (item, told)) in items(old) {
            if !kept.contains_key(&key) && !told.is_zero() {
                let until = now.saturating_add(told.min(TWO_HOURS));
                self.items.insert(key, (item, until));
            }
        }
        self.items.retain(|key, _| !kept.contains_key(key));
        while self.items.len() > Self::LIMIT {
            let first = self.items.iter().min_by_key(|(_, (_, until))| *until);
            if let Some(first) = first.map(|(key, _)| key.clone()) {
                self.items.remove(&first);
            }
        }
        self.note_first_end();
    }

    /// Forgets what nobody relies on any longer.
    pub(super) fn forget(&mut self, now: Boottime) {
        if self.first_end.is_some_and(|end| end <= now) {
            self.items.retain(|_, (_, until)| *until > now);
            self.note_first_end();
        }
    }

    fn note_first_end(&mut self) {
        self.first_end = self.items.values().map(|(_, until)| *until).min();
    }

    /// Adds the options that withdraw. A prefix is deprecated at once; it stays on-link for what
    /// is left of the two hours, because addresses in it do.
    pub(super) fn add_to(&self, advert: &mut RouterAdvert, now: Boottime) {
        let (mut addresses, mut names) = (Vec::new(), Vec::new());
        for (item, until) in self.items.values() {
            match item {
                Item::Prefix(option) => advert.prefixes.push(PrefixInformation {
                    valid: seconds(until.saturating_sub(now)),
                    preferred: Lifetime::ZERO,
                    ..*option
                }),
                Item::Route(option) => advert.routes.push(RouteInformation {
                    lifetime: Lifetime::ZERO,
                    ..*option
                }),
                Item::Server(address) => addresses.push(*address),
                Item::Domain(name) => names.push(name.clone()),
            }
        }
        if !addresses.is_empty() {
            advert.dns_servers.push(DnsServers {
                lifetime: Lifetime::ZERO,
                addresses,
            });
        }
        if !names.is_empty() {
            advert.search_lists.push(SearchList {
                lifetime: Lifetime::ZERO,
                names,
            });
        }
    }
}

/// Everything that an advertisement tells with a lifetime, and how long that is.
fn items(advert: &RouterAdvert) -> BTreeMap<Key, (Item, Duration)> {
    let prefixes = advert.prefixes.iter().map(|option| {
        let key = Key::Prefix(option.prefix);
        (key, (Item::Prefix(*option), duration(option.valid)))
    });
    let routes = advert.routes.iter().map(|option| {
        let key = Key::Route(option.prefix);
        (key, (Item::Route(*option), duration(option.lifetime)))
    });
    let servers = advert.dns_servers.iter().flat_map(|option| {
        let told = duration(option.lifetime);
        let item =
            move |address: &Ipv6Addr| (Key::Server(*address), (Item::Server(*address), told));
        option.addresses.iter().map(item)
    });
    let domains = advert.search_lists.iter().flat_map(|option| {
        let told = duration(option.lifetime);
        let item = move |name: &DomainName| {
            let key = Key::Domain(name.clone());
            (key, (Item::Domain(name.clone()), told))
        };
        option.names.iter().map(item)
    });
    prefixes
        .chain(routes)
        .chain(servers)
        .chain(domains)
        .collect()
}

fn duration(lifetime: Lifetime) -> Duration {
    match lifetime {
        Lifetime::Seconds(seconds) => Duration::from_secs(seconds.into()),
        Lifetime::Infinite => Duration::MAX,
    }
}

/// Whole seconds, as the option has them.
fn seconds(left: Duration) -> Lifetime {
    let seconds = u32::try_from(left.as_secs()).unwrap_or(u32::MAX - 1);
    Lifetime::Seconds(seconds)
}
