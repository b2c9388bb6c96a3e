use std::net::Ipv4Addr;
use std::time::Duration;

use isatap_common::addr::Form;

use crate::clock::Boottime;

/// `MAX_RTR_SOLICITATION_DELAY` (RFC 4861 section 10).
const MAX_DELAY: Duration = Duration::from_secs(1);
/// The same where this host alone has another address: there is no crowd to be kept apart, as there is
/// where a link comes up, and its routers shall know it within a second.
const MAX_DELAY_ALONE: Duration = Duration::from_millis(500);
/// `RTR_SOLICITATION_INTERVAL` (RFC 4861 section 10), the first timeout of RFC 7559.
const INTERVAL: Duration = Duration::from_secs(4);
/// `MAX_RTR_SOLICITATIONS` (RFC 4861 section 10): from then on the interval grows.
const TRIES: u32 = 3;
/// The last timeout (RFC 7559 section 2).
const MAX_INTERVAL: Duration = Duration::from_hours(1);

/// When one router is asked, and in which form of its address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    next: Next,
    tries: u32,
    interval: Duration,
    form: Option<Form>,
    /// The form of the last question, until there is an answer.
    unanswered: Option<Form>,
    asked: Option<Boottime>,
    silent: bool,
}

#[derive(Clone, Copy, Debug)]
enum Next {
    /// After a random delay of at most so much, from the next look at the clock on.
    Start(Duration),
    At(Boottime),
    /// Nothing the router told ever ends.
    Idle,
}

impl Schedule {
    pub(super) fn new() -> Self {
        Self {
            next: Next::Start(MAX_DELAY),
            tries: 0,
            interval: INTERVAL,
            form: None,
            unanswered: None,
            asked: None,
            silent: false,
        }
    }

    /// An event that starts soliciting anew (RFC 4861 section 6.3.7).
    pub(super) fn restart(&mut self) {
        self.next = Next::Start(MAX_DELAY);
    }

    /// The same after another address, sooner, unless an event before it has yet to be waited for.
    pub(super) fn restart_alone(&mut self) {
        if !matches!(self.next, Next::Start(_)) {
            self.next = Next::Start(MAX_DELAY_ALONE);
        }
    }

    /// The form of the router's address that answered last.
    pub(super) fn form(&self) -> Option<Form> {
        self.form
    }

    /// Whether the last questions, as many as RFC 4861 has, were not answered. Events that start
    /// soliciting anew prove nothing.
    pub(super) fn is_silent(&self) -> bool {
        self.silent
    }

    /// Whether a question has not been answered yet.
    pub(super) fn awaits_answer(&self) -> bool {
        self.unanswered.is_some()
    }

    /// When to look again; zero is at once.
    pub(super) fn deadline(&self) -> Option<Boottime> {
        match self.next {
            Next::Start(_) => Some(Boottime::ZERO),
            Next::At(time) => Some(time),
            Next::Idle => None,
        }
    }

    /// The router answered in `form`, and is asked again at `refresh`.
    pub(super) fn answered(&mut self, form: Form, refresh: Option<Boottime>) {
        self.form = Some(form);
        self.unanswered = None;
        self.silent = false;
        self.tries = 0;
        self.interval = INTERVAL;
        self.next = refresh.map_or(Next::Idle, Next::At);
    }

    /// The form in which to ask `router` now, if now is the time.
    pub(super) fn poll(
        &mut self,
        now: Boottime,
        router: Ipv4Addr,
        random: &mut fastrand::Rng,
    ) -> Option<Form> {
        if let Next::Start(most) = self.next {
            self.tries = 0;
            self.interval = INTERVAL;
            let first = now.saturating_add(most.mul_f64(random.f64()));
            // Events that follow each other closely do not bring the questions closer together.
            let spaced = self.asked.map(|asked| asked.saturating_add(INTERVAL));
            self.next = Next::At(spaced.map_or(first, |spaced| first.max(spaced)));
        }
        if !matches!(self.next, Next::At(time) if time <= now) {
            return None;
        }
        let form = self.form_of_try(router);
        self.asked = Some(now);
        self.silent |= self.tries >= TRIES;
        self.unanswered = Some(form);
        self.grow(random);
        self.next = Next::At(now.saturating_add(self.interval));
        Some(form)
    }

    /// The time to the next question (RFC 7559 section 2).
    fn grow(&mut self, random: &mut fastrand::Rng) {
        self.tries = self.tries.saturating_add(1);
        if self.tries >= TRIES {
            let factor = 1.9 + 0.2 * random.f64();
            self.interval = self.interval.mul_f64(factor);
        }
        if self.interval > MAX_INTERVAL {
            self.interval = MAX_INTERVAL.mul_f64(0.9 + 0.1 * random.f64());
        }
    }

    /// The form that answered, or the canonical one; and while that is not answered the other by
    /// turns, because peers do not agree which IPv4 addresses are globally unique: Linux counts
    /// 100.64.0.0/10, 192.0.0.0/24, 198.51.100.0/24 and 203.0.113.0/24 among them.
    fn form_of_try(&self, router: Ipv4Addr) -> Form {
        let known = || self.form.unwrap_or(Form::of(router.octets()));
        self.unanswered.map_or_else(known, Form::other)
    }
}
