//! A sequence, played.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use isatap_ctl::nd::Refusal;
use isatap_ctl::nd::host::{Settings, Solicitor};

use super::draw::{LOCATORS, ROUTERS};
use super::event::Event;
use super::message::Message;
use super::model::{Belief, Model, Seen};
use super::promises;

/// How often the daemon wakes while time passes; then it is asleep.
const WAKES: u32 = 24;

/// What happened in a sequence.
#[derive(Debug, Default)]
pub struct Tally {
    pub events: u64,
    pub believed: u64,
    pub refused: BTreeMap<&'static str, u64>,
    pub seen: Seen,
}

struct Scene {
    host: Solicitor,
    model: Model,
    dead: BTreeMap<Ipv4Addr, Duration>,
    tally: Tally,
}

/// Plays all of them. An error is a broken promise.
pub fn play(events: &[Event]) -> Result<Tally> {
    let mut scene = Scene {
        host: Solicitor::new(Settings::default(), 7),
        model: Model::new(Duration::from_secs(1000)),
        dead: BTreeMap::new(),
        tally: Tally::default(),
    };
    for event in events {
        scene.tally.events += 1;
        scene.perform(event)?;
        scene.check()?;
    }
    scene.tally.seen = scene.model.seen;
    Ok(scene.tally)
}

impl Scene {
    fn perform(&mut self, event: &Event) -> Result<()> {
        let (host, model) = (&mut self.host, &mut self.model);
        match event {
            Event::Pass(time) => return self.pass(*time),
            Event::Sleep(time) => model.reach(model.now + *time),
            Event::Message(message) => return self.deliver(message),
            Event::List(members) => {
                let members = members.iter().map(|member| ROUTERS[*member].0).collect();
                host.set_routers(&members);
                model.list(&members);
            }
            Event::Move(locator) => {
                host.set_locator(locator.map(|locator| LOCATORS[locator].0));
                model.locator = *locator;
            }
            Event::Accept(settings) => {
                host.set_settings(*settings);
                model.accept(*settings);
            }
            Event::LinkUp => host.link_up(),
            Event::Dies(router) => {
                let router = ROUTERS[*router].0;
                host.unreachable(router);
                self.dead.insert(router, model.now);
            }
            Event::Ceases(router) => {
                host.ceased(ROUTERS[*router].0);
                model.cease(ROUTERS[*router].0);
            }
        }
        Ok(())
    }

    fn pass(&mut self, time: Duration) -> Result<()> {
        let end = self.model.now + time;
        for _ in 0..WAKES {
            let next = self.host.next_deadline().unwrap_or(end);
            if next >= end {
                break;
            }
            self.model.reach(next.max(self.model.now));
            self.ask()?;
        }
        self.model.reach(end);
        Ok(())
    }

    fn ask(&mut self) -> Result<()> {
        for question in self.host.poll(self.model.now) {
            let router = promises::question(&self.model, &question)?;
            let member = self.model.members.get_mut(&router).context("a member")?;
            member.asked = Some(self.model.now);
        }
        Ok(())
    }

    fn deliver(&mut self, message: &Message) -> Result<()> {
        let (belief, told) = self.model.judge(message);
        let Message {
            source,
            destination,
            hop_limit,
            bytes,
        } = message;
        let taken = self
            .host
            .advertised(self.model.now, *source, *destination, *hop_limit, bytes);
        match taken {
            Ok(()) => {
                let (router, advert) = told.context("believed against the rules")?;
                self.model.take(router, &advert);
                self.tally.believed += 1;
            }
            Err(refusal) => {
                ensure!(belief != Belief::Must, "refused although asked: {refusal}");
                *self.tally.refused.entry(name(refusal)).or_default() += 1;
            }
        }
        Ok(())
    }

    /// As the daemon does after each event: it looks at the state, then does what is due.
    fn check(&mut self) -> Result<()> {
        let state = self.host.state(self.model.now);
        promises::state(&self.model, &state)?;
        promises::link(&self.model, &state, &self.dead)?;
        self.ask()?;
        promises::deadline(&self.model, &state, self.host.next_deadline())
    }
}

fn name(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Invalid(_) => "invalid",
        Refusal::Source => "source",
        Refusal::Destination => "destination",
        Refusal::Unlisted => "unlisted",
        Refusal::Unsolicited => "unsolicited",
        _ => "other",
    }
}
