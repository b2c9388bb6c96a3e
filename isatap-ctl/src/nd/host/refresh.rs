use std::time::Duration;

use isatap_common::addr::Form;
use isatap_common::nd::{Lifetime, RouterAdvert};

use super::expiry::Expiry;
use super::{Router, Settings};
use crate::clock::Boottime;

/// Part of the shortest lifetime after which a router is asked again.
const REFRESH: f64 = 0.8;
/// A router that withdrew cannot say unasked that it is back, so it is asked this often.
const REVISIT: Duration = Duration::from_mins(10);
/// Messages this close together are the parts of one answer.
const SAME_ANSWER: Duration = Duration::from_secs(1);

impl Router {
    /// Notes a valid advertisement and when to ask again (RFC 5214 section 8.3.4).
    pub(super) fn answered(
        &mut self,
        now: Boottime,
        form: Form,
        advert: &RouterAdvert,
        settings: &Settings,
    ) {
        let previous = self.last_advertised.replace(now);
        let continued = previous.is_some_and(|then| now.saturating_sub(then) < SAME_ANSWER);
        let least = settings.min_solicit_interval;
        let was_default = self.lifetime_end.is_some_and(|end| end > now);
        // One that has just ceased may be back soon, as after an upgrade.
        let revisit = if was_default { least } else { REVISIT };
        let refresh = delay(advert, revisit).map(|delay| delay.max(least));
        let most = settings.max_solicit_interval;
        let refresh = refresh.into_iter().chain(most).min();
        let refresh = refresh.map(|delay| now.saturating_add(delay));
        let ends = lifetimes(advert).map(|lifetime| Expiry::after(now, lifetime));
        let end = ends.max();
        // That it ceases it says unasked, and more than once; what else it told stays.
        let ceases = advert.lifetime == 0 && !self.schedule.awaits_answer();
        let earlier = self.schedule.deadline().filter(|earlier| *earlier > now);
        let earlier = earlier.filter(|_| continued || ceases);
        let refresh = refresh.into_iter().chain(earlier).min();
        self.schedule.answered(form, refresh);
        let known_until = self.known_until.filter(|_| continued || ceases);
        self.known_until = known_until.max(end);
        let lifetime = Duration::from_secs(advert.lifetime.into());
        self.lifetime_end = (advert.lifetime != 0).then(|| now.saturating_add(lifetime));
    }
}

fn delay(advert: &RouterAdvert, revisit: Duration) -> Option<Duration> {
    let shortest = lifetimes(advert).filter_map(|lifetime| match lifetime {
        Lifetime::Seconds(seconds) => Some(Duration::from_secs(seconds.into()).mul_f64(REFRESH)),
        Lifetime::Infinite => None,
    });
    let revisit = (advert.lifetime == 0).then_some(revisit);
    shortest.chain(revisit).min()
}

/// All lifetimes of `advert` that are not zero.
fn lifetimes(advert: &RouterAdvert) -> impl Iterator<Item = Lifetime> {
    let header = Lifetime::Seconds(advert.lifetime.into());
    let prefixes = advert
        .prefixes
        .iter()
        .flat_map(|option| [option.valid, option.preferred]);
    let routes = advert.routes.iter().map(|option| option.lifetime);
    let servers = advert.dns_servers.iter().map(|option| option.lifetime);
    let domains = advert.search_lists.iter().map(|option| option.lifetime);
    let all = prefixes
        .chain(routes)
        .chain(servers)
        .chain(domains)
        .chain([header]);
    all.filter(|lifetime| *lifetime > Lifetime::ZERO)
}
