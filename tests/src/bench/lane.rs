//! The way that packets take through the router of a site, from a generator to a sink.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::device::Device;
use super::flow::{Flow, HEADERS, MARK, OUTER};
use super::sink::{Kind, Sink};
use crate::bpf::{Counter, Peers, Program, Spread};
use crate::interrupt;
use crate::site::{NATIVE, ROUTER, SERVER, Site, UPLINK, gateway};

/// What a frame says of an IPv4 packet.
pub const IPV4: [u8; 2] = [0x08, 0x00];
const IPV6: [u8; 2] = [0x86, 0xdd];
/// Caches and allocators are filled by then.
const WARM: u32 = 2_000;
/// As many as have taken each line of our cache from another.
const EVERY_LINE: u32 = 1 << 15;
/// More addresses than anybody here keeps.
const MANY: u32 = 1 << 17;
/// What is still under way arrives in that time.
const DRAINED: Duration = Duration::from_millis(20);
/// A program on the other end of a veth pair is a change of the link, of which a daemon hears.
const NOTICED: Duration = Duration::from_millis(500);

/// The NICs of a site that matter here.
#[derive(Clone, Debug)]
pub struct Nics {
    /// The IPv4 network's.
    pub core: Device,
    /// The router's in the IPv4 network.
    pub uplink: Device,
    /// The router's in the IPv6 network.
    pub native: Device,
    /// The server's.
    pub server: Device,
}

impl Nics {
    /// Finds them, and has the router know its neighbours for good: a sink answers no question.
    pub fn prepare(site: &Site) -> Result<Self> {
        let nics = Self {
            core: Device::find(&site.core, "to-router")?,
            uplink: Device::find(&site.router, UPLINK)?,
            native: Device::find(&site.router, NATIVE)?,
            server: Device::find(&site.server, UPLINK)?,
        };
        for (address, device, neighbour) in [
            (gateway(ROUTER).to_string(), UPLINK, &nics.core),
            (SERVER.to_string(), NATIVE, &nics.server),
        ] {
            let mac = neighbour.lladdr();
            site.router.run(&format!(
                "ip neigh replace {address} lladdr {mac} dev {device} nud permanent"
            ))?;
        }
        nics.core.gather(false)?;
        nics.server.gather(false)?;
        Ok(nics)
    }

    /// A packet from host a to the server that is not what it should be, with the outer header.
    pub fn inward_forged(&self, packet: &[u8]) -> Result<Lane> {
        let frame = frame(&self.uplink, &self.core, IPV4, packet);
        let lane = self.inward()?;
        Ok(Lane { frame, ..lane })
    }

    /// Protocol 41 from host a to the server: to be decapsulated.
    pub fn inward(&self) -> Result<Lane> {
        self.inward_of(&Flow::default())
    }

    /// The same of any flow.
    pub fn inward_of(&self, flow: &Flow) -> Result<Lane> {
        let (packet, spread) = flow.inward()?;
        let frame = frame(&self.uplink, &self.core, IPV4, &packet);
        Ok(Lane {
            from: self.core.clone(),
            router: self.uplink.clone(),
            to: self.server.clone(),
            length: frame.len() - OUTER,
            frame,
            spread,
            before: Vec::new(),
        })
    }

    /// The same packet without the outer header.
    pub fn inward_plain(&self) -> Result<Lane> {
        let packet = Flow::default().inward_plain()?;
        let frame = frame(&self.uplink, &self.core, IPV6, &packet);
        let lane = self.inward()?;
        Ok(Lane { frame, ..lane }.unchanged())
    }

    /// IPv6 from the server to host a: to be encapsulated.
    pub fn outward(&self) -> Result<Lane> {
        self.outward_of(&Flow::default())
    }

    /// The same of any flow.
    pub fn outward_of(&self, flow: &Flow) -> Result<Lane> {
        let (packet, spread) = flow.outward()?;
        let frame = frame(&self.native, &self.server, IPV6, &packet);
        Ok(Lane {
            from: self.server.clone(),
            router: self.native.clone(),
            to: self.core.clone(),
            length: frame.len() + OUTER,
            frame,
            spread,
            before: Vec::new(),
        })
    }
}

/// A packet of a kind in a frame.
pub fn frame(to: &Device, from: &Device, kind: [u8; 2], packet: &[u8]) -> Vec<u8> {
    [&to.mac[..], &from.mac[..], &kind[..], packet].concat()
}

/// A way, and the frame that takes it.
#[derive(Clone, Debug)]
pub struct Lane {
    /// The generator sends out of this one.
    pub from: Device,
    /// The router receives on this one.
    pub router: Device,
    /// What gets through arrives here.
    pub to: Device,
    /// The frame.
    pub frame: Vec<u8>,
    /// How long it is when it arrives.
    length: usize,
    /// What differs from one to the next.
    spread: Option<Spread>,
    /// Where one packet of each address is sent first.
    before: Vec<Lane>,
}

/// How much is sent.
pub struct Pace<'a> {
    /// Packets that fill caches and allocators before those that count.
    pub warm: u32,
    /// Packets that count.
    pub packets: u32,
    /// Called in between.
    pub begin: &'a (dyn Fn() -> Result<()> + Sync),
}

impl Pace<'_> {
    /// So many packets, at once.
    pub fn of(packets: u32) -> Self {
        Self {
            warm: WARM,
            packets,
            begin: &|| Ok(()),
        }
    }

    /// So many packets and none before.
    pub fn cold(packets: u32) -> Self {
        Self {
            warm: 0,
            ..Self::of(packets)
        }
    }
}

/// What a run showed.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Nanoseconds a packet, of generator, router and sink together; under a clock that counts
    /// them, instructions.
    pub cost: u64,
    /// Packets sent.
    pub offered: u64,
    /// Packets that arrived.
    pub delivered: u64,
}

impl Sample {
    /// An error unless every packet arrived: lost packets cost less.
    pub fn whole(self) -> Result<Self> {
        let Self {
            offered, delivered, ..
        } = self;
        ensure!(
            delivered == offered,
            "{delivered} of {offered} packets arrived"
        );
        Ok(self)
    }
}

impl Lane {
    /// A way through any node, for a frame that arrives with so many octets left.
    pub fn of(from: &Device, router: &Device, to: &Device, frame: Vec<u8>, length: usize) -> Self {
        Self {
            from: from.clone(),
            router: router.clone(),
            to: to.clone(),
            frame,
            length,
            spread: None,
            before: Vec::new(),
        }
    }

    /// The router adds no header and takes none away.
    #[must_use]
    pub fn unchanged(self) -> Self {
        Self {
            length: self.frame.len(),
            ..self
        }
    }

    /// After one packet of each address of these.
    #[must_use]
    pub fn after(self, before: Vec<Lane>) -> Self {
        Self { before, ..self }
    }

    /// Ends somewhere else.
    #[must_use]
    pub fn ending_at(self, to: &Device) -> Self {
        Self {
            to: to.clone(),
            ..self
        }
    }

    /// Sends packets through, and some before that nobody counts.
    pub fn run(&self, kind: Kind, packets: u32) -> Result<Sample> {
        self.run_from(kind, packets, &|| Ok(()))
    }

    /// The same with something done in between.
    pub fn run_from(
        &self,
        kind: Kind,
        packets: u32,
        begin: &(dyn Fn() -> Result<()> + Sync),
    ) -> Result<Sample> {
        let pace = Pace {
            warm: self.warm(),
            packets,
            begin,
        };
        self.run_at(kind, &pace)
    }

    /// The same at any pace.
    pub fn run_at(&self, kind: Kind, pace: &Pace<'_>) -> Result<Sample> {
        self.run_with(&self.generator()?, kind, pace)
    }

    /// The same from or to nodes chosen at random.
    pub fn run_of(&self, peers: Peers, kind: Kind, pace: &Pace<'_>) -> Result<Sample> {
        let generator = Program::random_generator(self.head(), peers, self.from.ifindex)?;
        self.run_with(&generator, kind, pace)
    }

    /// One packet of each address, whatever becomes of it.
    fn send(&self) -> Result<()> {
        let generator = self.generator()?;
        let run = || generator.run(&self.frame, self.addresses());
        self.from.inside.enter(run).map(drop)
    }

    fn run_with(&self, generator: &Program, kind: Kind, pace: &Pace<'_>) -> Result<Sample> {
        let sink = self.sink(kind)?;
        let look = || Ok(((), sink.count()?));
        let (sample, ..) = self.sample(generator, pace, &look)?;
        Ok(sample)
    }

    /// Sends packets through a router that had time to notice the sink, and looks at something
    /// right before and after them. `cold` is without any packet before.
    pub fn run_between<T: Send>(
        &self,
        cold: bool,
        packets: u32,
        look: &(dyn Fn() -> Result<T> + Sync),
    ) -> Result<(Sample, T, T)> {
        let sink = self.sink(Kind::Xdp)?;
        interrupt::sleep(NOTICED)?;
        let pace = Pace {
            warm: if cold { 0 } else { self.warm() },
            ..Pace::of(packets)
        };
        self.sample(&self.generator()?, &pace, &|| Ok((look()?, sink.count()?)))
    }

    /// Makes as many packets and sends none.
    pub fn run_nowhere(&self, packets: u32) -> Result<Sample> {
        let counter = Counter::new()?;
        let generator = Program::idle_generator(self.head(), &counter)?;
        let look = || Ok(((), counter.read()?));
        let (sample, ..) = self.sample(&generator, &Pace::of(packets), &look)?;
        Ok(sample)
    }

    fn sink(&self, kind: Kind) -> Result<Sink> {
        let at = i16::try_from(self.length - MARK.len())?;
        Sink::put(kind, &self.to, MARK, at)
    }

    fn generator(&self) -> Result<Program> {
        Program::generator(self.head(), self.spread.as_ref(), self.from.ifindex)
    }

    /// The part that a router changes, and the mark.
    fn head(&self) -> &[u8] {
        let length = HEADERS + MARK.len();
        self.frame.get(..length).unwrap_or(&self.frame)
    }

    /// `look` tells something, and how many packets have arrived so far.
    fn sample<T: Send>(
        &self,
        generator: &Program,
        pace: &Pace<'_>,
        look: &(dyn Fn() -> Result<(T, u64)> + Sync),
    ) -> Result<(Sample, T, T)> {
        if !self.before.is_empty() {
            // What a router knows it forgets with every change.
            interrupt::sleep(NOTICED)?;
            self.before.iter().try_for_each(Self::send)?;
        }
        self.from.inside.enter(|| {
            // None would be taken for one.
            if pace.warm > 0 {
                generator.run(&self.frame, pace.warm)?;
            }
            interrupt::sleep(DRAINED)?;
            let (first, before) = look()?;
            (pace.begin)()?;
            let cost = generator.run(&self.frame, pace.packets)?;
            interrupt::sleep(DRAINED)?;
            let (last, after) = look()?;
            let sample = Sample {
                cost,
                offered: u64::from(pace.packets),
                delivered: after - before,
            };
            Ok((sample, first, last))
        })
    }

    /// How many addresses differ from packet to packet.
    fn addresses(&self) -> u32 {
        self.spread.as_ref().map_or(0, Spread::addresses)
    }

    /// Whoever keeps something of an address has seen it once, unless there are too many to keep.
    fn warm(&self) -> u32 {
        let addresses = self.addresses();
        if addresses > MANY {
            EVERY_LINE
        } else {
            WARM.max(addresses)
        }
    }
}
