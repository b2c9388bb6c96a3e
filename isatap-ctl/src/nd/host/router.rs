use std::{
    net::{Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use isatap_common::{
    addr::{self, Form},
    nd::RouterSolicitation,
};

use super::super::{Outgoing, Refusal};
use crate::clock::Boottime;

/// MAX_RTR_SOLICITATION_DELAY: the first solicitation waits a random part of it.
const FIRST_DELAY: Duration = Duration::from_secs(1);
/// RTR_SOLICITATION_INTERVAL.
const INTERVAL: Duration = Duration::from_secs(4);
/// MAX_RTR_SOLICITATIONS: so many at that interval, then ever fewer (RFC 7559 section 2).
const BURST: u32 = 3;
/// MRT of RFC 7559: the longest wait for an answer.
const LONGEST_WAIT: Duration = Duration::from_hours(1);
/// The longest wait before a router that has answered is asked again.
const LONGEST_REFRESH: Duration = Duration::from_hours(1);

/// Soliciting one router.
#[derive(Debug)]
pub struct Router {
    /// When to solicit next.
    pub next: Boottime,
    /// When last solicited.
    pub solicited: Option<Boottime>,
    /// When it last advertised.
    pub advertised: Option<Boottime>,
    /// Solicitations since the last answer.
    unanswered: u32,
    /// The form of its address that has answered.
    form: Option<Form>,
}

impl Router {
    /// A router that is solicited soon.
    pub fn new(now: Boottime, random: &mut fastrand::Rng) -> Self {
        let next = now + FIRST_DELAY.mul_f64(random.f64());
        Self {
            next,
            solicited: None,
            advertised: None,
            unanswered: 0,
            form: None,
        }
    }

    /// Solicits soon, as if for the first time.
    pub fn restart(&mut self, now: Boottime, random: &mut fastrand::Rng) {
        *self = Self {
            form: self.form,
            advertised: self.advertised,
            ..Self::new(now, random)
        };
    }

    /// A solicitation, and the time of the next.
    pub fn solicit(
        &mut self,
        now: Boottime,
        ipv4: Ipv4Addr,
        locator: Ipv4Addr,
        random: &mut fastrand::Rng,
    ) -> Outgoing {
        let destination = addr::link_local(self.form_to_try(ipv4), ipv4.octets());
        let source = addr::link_local(Form::of(locator.octets()), locator.octets());
        self.unanswered = self.unanswered.saturating_add(1);
        self.solicited = Some(now);
        let doublings = self.unanswered.saturating_sub(BURST).min(10);
        let wait = (INTERVAL * (1 << doublings)).min(LONGEST_WAIT);
        let jitter = if doublings == 0 {
            1.0
        } else {
            random.f64().mul_add(0.2, 0.9)
        };
        self.next = now + wait.mul_f64(jitter);
        Outgoing {
            source: source.into(),
            destination: destination.into(),
            bytes: RouterSolicitation.emit(&source, &destination),
        }
    }

    /// Notes an advertisement from `source` whose shortest lifetime is `shortest`, and when to ask
    /// again: before that ends, but not sooner than `least` (RFC 5214 section 8.3.4).
    pub fn advertised(
        &mut self,
        now: Boottime,
        source: Ipv6Addr,
        shortest: Option<Duration>,
        least: Duration,
    ) -> Result<(), Refusal> {
        let asked = self.solicited.ok_or(Refusal::Unsolicited)?;
        let refresh = shortest.map_or(LONGEST_REFRESH, |shortest| shortest.mul_f64(0.8));
        let next = now + refresh.clamp(least, LONGEST_REFRESH.max(least));
        // A long advertisement comes in several messages; the shortest lifetime of all counts.
        let is_continued = self.advertised.is_some_and(|last| last >= asked);
        self.next = if is_continued {
            next.min(self.next)
        } else {
            next
        };
        self.advertised = Some(now);
        self.unanswered = 0;
        let is_global = addr::link_local(Form::Global, embedded(source)) == source.octets();
        self.form = Some(if is_global { Form::Global } else { Form::Local });
        Ok(())
    }

    /// The form that has answered; otherwise, where the address is globally unique and the router
    /// may have either, both in turn.
    fn form_to_try(&self, ipv4: Ipv4Addr) -> Form {
        let canonical = Form::of(ipv4.octets());
        let is_odd = self.unanswered % 2 == 1;
        match (self.form, canonical) {
            (Some(form), _) if self.unanswered < BURST => form,
            (_, Form::Global) if is_odd => Form::Local,
            _ => canonical,
        }
    }
}

fn embedded(source: Ipv6Addr) -> [u8; 4] {
    addr::embedded(&source.octets()).unwrap_or_default()
}
