//! What a host may hold, by the RFCs: all that listed routers told, until it ends.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use isatap_ctl::nd::host::Settings;

use super::draw::{self, LOCATORS, ROUTERS};
use super::message::Message;
use super::octets::{self, Advert, Prefix, Told};

/// The end of what never ends.
pub const NEVER: Duration = Duration::MAX;
/// How long after a question an answer may come.
const ANSWER: Duration = Duration::from_secs(30);
/// RFC 4862 section 5.5.3 (e).
const TWO_HOURS: u32 = 7200;
/// Where default routes lead.
const EVERYWHERE: Prefix = (0, 0);

/// The host as an observer knows it.
#[derive(Debug)]
pub struct Model {
    pub now: Duration,
    /// A number of [`LOCATORS`].
    pub locator: Option<usize>,
    pub settings: Settings,
    pub members: BTreeMap<Ipv4Addr, Member>,
    pub on_link: BTreeMap<Prefix, Claim>,
    /// By the prefix in which they are.
    pub addresses: BTreeMap<Prefix, Claim>,
    pub routes: BTreeMap<(Prefix, Ipv4Addr), Duration>,
    pub servers: BTreeMap<(u128, Ipv4Addr), Duration>,
    pub mtu: Option<(u32, Ipv4Addr)>,
    pub hop_limit: Option<(u8, Ipv4Addr)>,
    pub seen: Seen,
}

/// A router of the list.
#[derive(Debug, Default)]
pub struct Member {
    pub asked: Option<Duration>,
    /// The latest end of anything that it told.
    latest: Duration,
}

/// A prefix, and who advertises it.
#[derive(Debug)]
pub struct Claim {
    pub valid: Duration,
    pub preferred: Duration,
    by: BTreeSet<Ipv4Addr>,
}

/// How often rules were of consequence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub two_hours: u64,
    pub preferred_too_long: u64,
    pub other_lengths: u64,
}

/// Whether a message has to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belief {
    Must,
    May,
    MustNot,
}

impl Model {
    pub fn new(now: Duration) -> Self {
        Self {
            now,
            locator: None,
            settings: Settings::default(),
            members: BTreeMap::new(),
            on_link: BTreeMap::new(),
            addresses: BTreeMap::new(),
            routes: BTreeMap::new(),
            servers: BTreeMap::new(),
            mtu: None,
            hop_limit: None,
            seen: Seen::default(),
        }
    }

    /// Lets time go on; what has ended is gone.
    pub fn reach(&mut self, now: Duration) {
        self.now = now;
        self.on_link.retain(|_, claim| claim.valid > now);
        self.addresses.retain(|_, claim| claim.valid > now);
        self.routes.retain(|_, end| *end > now);
        self.servers.retain(|_, end| *end > now);
    }

    /// What only routers told that are listed no more goes (RFC 5214 section 8.3.2).
    pub fn list(&mut self, members: &BTreeSet<Ipv4Addr>) {
        self.members.retain(|router, _| members.contains(router));
        for member in members {
            self.members.entry(*member).or_default();
        }
        for claims in [&mut self.on_link, &mut self.addresses] {
            claims.retain(|_, claim| {
                claim.by.retain(|router| members.contains(router));
                !claim.by.is_empty()
            });
        }
        self.routes.retain(|(_, via), _| members.contains(via));
        self.servers.retain(|(_, via), _| members.contains(via));
        self.mtu = self.mtu.filter(|(_, by)| members.contains(by));
        self.hop_limit = self.hop_limit.filter(|(_, by)| members.contains(by));
    }

    pub fn accept(&mut self, settings: Settings) {
        self.settings = settings;
        if !settings.accept_prefixes {
            self.on_link.clear();
            self.addresses.clear();
        }
        if !settings.accept_dns {
            self.servers.clear();
        }
        self.routes.retain(|(prefix, _), _| {
            let is_default = *prefix == EVERYWHERE;
            (is_default && settings.accept_default) || (!is_default && settings.accept_routes)
        });
        let takes = |mtu: u32| settings.accept_mtu && mtu <= settings.max_mtu;
        self.mtu = self.mtu.filter(|(mtu, _)| takes(*mtu));
        let least = settings.min_hop_limit;
        self.hop_limit = self.hop_limit.filter(|(limit, _)| *limit >= least);
    }

    /// The router is no next hop any more (RFC 4861 section 7.2.5).
    pub fn cease(&mut self, router: Ipv4Addr) {
        self.routes.retain(|(_, via), _| *via != router);
    }

    /// Whether the message has to be believed, and if it may be, who sent it and what it says.
    pub fn judge(&self, message: &Message) -> (Belief, Option<(Ipv4Addr, Advert)>) {
        let taken = self.validate(message);
        let Some((router, _)) = taken else {
            return (Belief::MustNot, None);
        };
        let member = &self.members[&router];
        let was_asked = member
            .asked
            .is_some_and(|asked| self.now.saturating_sub(asked) <= ANSWER);
        match (was_asked, self.now < member.latest) {
            (true, _) => (Belief::Must, taken),
            (false, true) => (Belief::May, taken),
            (false, false) => (Belief::MustNot, None),
        }
    }

    /// RFC 4861 section 6.1.2 and RFC 5214 section 8.3.3.
    fn validate(&self, message: &Message) -> Option<(Ipv4Addr, Advert)> {
        let (source, destination) = (message.source, message.destination);
        let both = |router| [false, true].map(|form| draw::link_local(form, router));
        let listed = ROUTERS.iter().map(|(router, _)| *router);
        let mut listed = listed.filter(|router| self.members.contains_key(router));
        let router = listed.find(|router| both(*router).contains(&source))?;
        let (host, _) = LOCATORS[self.locator?];
        let identifier = |address: Ipv6Addr| address.to_bits() as u64;
        let is_ours = both(host)
            .map(identifier)
            .contains(&identifier(destination))
            || destination == Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
        let is_near = message.hop_limit == Some(255);
        let advert = octets::read(source, destination, &message.bytes);
        advert
            .filter(|_| is_ours && is_near)
            .map(|advert| (router, advert))
    }

    fn end(&self, lifetime: u32) -> Duration {
        match lifetime {
            u32::MAX => NEVER,
            seconds => self.now + Duration::from_secs(seconds.into()),
        }
    }

    /// Takes what `router` says (RFC 4861 section 6.3.4).
    pub fn take(&mut self, router: Ipv4Addr, advert: &Advert) {
        let latest = advert.lifetimes().map(|lifetime| self.end(lifetime)).max();
        let member = self.members.get_mut(&router).unwrap();
        member.latest = member.latest.max(latest.unwrap_or_default());
        self.take_route(router, EVERYWHERE, advert.lifetime.into());
        for (prefix, lifetime) in &advert.routes {
            self.take_route(router, *prefix, *lifetime);
        }
        if self.settings.accept_prefixes {
            let usable = |told: &&Told| is_unicast(told.prefix);
            for told in advert.prefixes.iter().filter(usable) {
                self.take_on_link(router, told);
                self.take_autonomous(router, told);
            }
        }
        if self.settings.accept_dns {
            for (server, lifetime) in &advert.servers {
                self.servers.insert((*server, router), self.end(*lifetime));
            }
        }
        let believed = 1280..=self.settings.max_mtu;
        let mtu = advert.mtu.filter(|mtu| believed.contains(mtu));
        let mtu = mtu.filter(|_| self.settings.accept_mtu);
        self.mtu = mtu.map(|mtu| (mtu, router)).or(self.mtu);
        if advert.hop_limit != 0 && advert.hop_limit >= self.settings.min_hop_limit {
            self.hop_limit = Some((advert.hop_limit, router));
        }
        self.reach(self.now);
    }

    fn take_route(&mut self, router: Ipv4Addr, prefix: Prefix, lifetime: u32) {
        let settings = &self.settings;
        let is_accepted = if prefix == EVERYWHERE {
            settings.accept_default
        } else {
            settings.accept_routes && is_unicast(prefix)
        };
        if is_accepted {
            self.routes.insert((prefix, router), self.end(lifetime));
        }
    }

    fn take_on_link(&mut self, router: Ipv4Addr, told: &Told) {
        if !told.on_link || told.prefix == EVERYWHERE {
            return;
        }
        if told.valid == 0 {
            self.on_link.remove(&told.prefix);
            return;
        }
        let (valid, preferred) = (self.end(told.valid), self.end(told.preferred));
        let claim = self.on_link.entry(told.prefix).or_insert_with(Claim::new);
        claim.by.insert(router);
        (claim.valid, claim.preferred) = (valid, preferred);
    }

    /// RFC 4862 section 5.5.3.
    fn take_autonomous(&mut self, router: Ipv4Addr, told: &Told) {
        if !told.autonomous {
            return;
        }
        if told.preferred > told.valid {
            self.seen.preferred_too_long += 1;
            return;
        }
        if told.prefix.1 != 64 {
            self.seen.other_lengths += 1;
            return;
        }
        let (valid, preferred) = (self.end(told.valid), self.end(told.preferred));
        let two_hours = self.end(TWO_HOURS);
        let is_new = !self.addresses.contains_key(&told.prefix);
        if is_new && told.valid == 0 {
            return;
        }
        let claim = self.addresses.entry(told.prefix).or_insert_with(Claim::new);
        if is_new || told.valid > TWO_HOURS || valid > claim.valid {
            claim.valid = valid;
        } else {
            claim.valid = claim.valid.min(two_hours);
            self.seen.two_hours += u64::from(claim.valid != valid);
        }
        claim.preferred = preferred;
        if told.valid > 0 {
            claim.by.insert(router);
        }
    }
}

impl Claim {
    fn new() -> Self {
        Self {
            valid: Duration::ZERO,
            preferred: Duration::ZERO,
            by: BTreeSet::new(),
        }
    }
}

impl Advert {
    fn lifetimes(&self) -> impl Iterator<Item = u32> {
        let prefixes = self.prefixes.iter();
        let prefixes = prefixes.flat_map(|told| [told.valid, told.preferred]);
        let routes = self.routes.iter().map(|(_, lifetime)| *lifetime);
        let servers = self.servers.iter().map(|(_, lifetime)| *lifetime);
        let others = self.other_lifetimes.iter().copied();
        let all = prefixes.chain(routes).chain(servers).chain(others);
        all.chain([self.lifetime.into()])
    }
}

fn is_unicast((bits, _): Prefix) -> bool {
    bits >> 118 != 0xfe80 >> 6 && bits >> 120 != 0xff
}
