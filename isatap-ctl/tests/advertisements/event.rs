//! What happens to a host.

use std::time::Duration;

use fastrand::Rng;
use isatap_ctl::nd::host::Settings;

use super::draw::{self, LISTED, LOCATORS, rarely};
use super::message::Message;

/// One thing that happens. Routers and addresses of ours are numbers of [`draw::ROUTERS`] and
/// [`draw::LOCATORS`].
#[derive(Clone, Debug)]
pub enum Event {
    /// Time passes, and the daemon does what is due when it is due.
    Pass(Duration),
    /// Time passes, and the machine sleeps.
    Sleep(Duration),
    /// A message comes.
    Message(Message),
    /// The router list has these members.
    List(Vec<usize>),
    /// The host's IPv4 address is another one, or gone.
    Move(Option<usize>),
    /// The configuration accepts something else.
    Accept(Settings),
    /// The uplink came up.
    LinkUp,
    /// A router left all neighbour solicitations unanswered.
    Dies(usize),
    /// A router says that it is none any more.
    Ceases(usize),
}

/// Up to thirty of them; the first set up a host that has asked.
pub fn sequence(random: &mut Rng) -> Vec<Event> {
    let mut locator = usize::from(rarely(random, 4));
    let mut events = vec![
        Event::List(if rarely(random, 8) {
            members(random)
        } else {
            vec![0, 1, 2]
        }),
        Event::Move(Some(locator)),
        Event::Pass(Duration::from_secs(2)),
    ];
    for _ in 0..random.usize(1..28) {
        events.push(event(random, &mut locator));
    }
    events
}

fn event(random: &mut Rng, locator: &mut usize) -> Event {
    match random.u32(..64) {
        0..=34 => Event::Message(Message::draw(random, *locator)),
        35..=49 => Event::Pass(draw::time(random)),
        50..=52 => Event::Sleep(draw::time(random)),
        53..=56 => Event::List(members(random)),
        57 => Event::Accept(settings(random)),
        58 => Event::LinkUp,
        59 => Event::Dies(random.usize(..LISTED)),
        60 => Event::Ceases(random.usize(..LISTED)),
        61 => Event::Move(None),
        _ => {
            *locator = random.usize(..LOCATORS.len());
            Event::Move(Some(*locator))
        }
    }
}

fn members(random: &mut Rng) -> Vec<usize> {
    (0..LISTED).filter(|_| !rarely(random, 3)).collect()
}

fn settings(random: &mut Rng) -> Settings {
    let mut usually = || !rarely(random, 3);
    Settings {
        accept_prefixes: usually(),
        accept_default: usually(),
        accept_routes: usually(),
        accept_mtu: usually(),
        accept_dns: usually(),
        min_hop_limit: if usually() { 32 } else { 0 },
        max_mtu: if usually() { 1480 } else { 1300 },
        ..Settings::default()
    }
}
