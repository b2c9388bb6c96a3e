//! The way that packets take through the router of a site, from a generator to a sink.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use anyhow::Result;

use super::device::Device;
use super::sink::{Kind, Sink};
use crate::bpf::{Counter, Program};
use crate::interrupt;
use crate::packet::{Inner, Outer};
use crate::site::{HOST_A, NATIVE, ROUTER, SERVER, Site, UPLINK, gateway, isatap_address};

/// With the headers of UDP and IPv6: 66 octets of frame, 86 with the outer header.
const PAYLOAD: [u8; 4] = *b"isat";
const PORT: u16 = 9;
/// Octets of an IPv4 header.
const OUTER: usize = 20;
const IPV4: [u8; 2] = [0x08, 0x00];
const IPV6: [u8; 2] = [0x86, 0xdd];
/// Caches and allocators are filled by then.
const WARM: u32 = 2_000;
/// What is still under way arrives in that time.
const DRAINED: Duration = Duration::from_millis(20);

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

    /// Protocol 41 from host a to the server: to be decapsulated.
    pub fn inward(&self) -> Result<Lane> {
        self.inward_from(HOST_A, &PAYLOAD)
    }

    /// The same in an outer packet of any host, with a payload that ends as the usual one.
    pub fn inward_from(&self, host: Ipv4Addr, payload: &[u8]) -> Result<Lane> {
        let packet = Outer::new(host, ROUTER).packet(&inner(SERVER, payload)?)?;
        let frame = frame(&self.uplink, &self.core, IPV4, &packet);
        let [from, router, to] = [&self.core, &self.uplink, &self.server];
        Ok(Lane::decapsulated([from, router, to], frame))
    }

    /// The same packet without the outer header.
    pub fn inward_plain(&self) -> Result<Lane> {
        let lane = self.inward()?;
        let frame = frame(&self.uplink, &self.core, IPV6, &inner(SERVER, &PAYLOAD)?);
        Ok(Lane { frame, ..lane }.unchanged())
    }

    /// IPv6 from the server to host a: to be encapsulated.
    pub fn outward(&self) -> Result<Lane> {
        self.outward_with(&PAYLOAD)
    }

    /// The same with a payload that ends as the usual one.
    pub fn outward_with(&self, payload: &[u8]) -> Result<Lane> {
        let inner = Inner::new(SERVER, isatap_address(HOST_A)).udp(PORT, PORT, payload);
        let frame = frame(&self.native, &self.server, IPV6, &inner.packet()?);
        Ok(Lane {
            from: self.server.clone(),
            router: self.native.clone(),
            to: self.core.clone(),
            length: frame.len() + OUTER,
            frame,
        })
    }
}

/// From host a to a server.
fn inner(server: Ipv6Addr, payload: &[u8]) -> Result<Vec<u8>> {
    let inner = Inner::new(isatap_address(HOST_A), server);
    inner.udp(PORT, PORT, payload).packet()
}

/// Zeros, so many octets with the usual payload at their end.
pub fn padded(octets: usize) -> Vec<u8> {
    let mut payload = vec![0; octets.saturating_sub(PAYLOAD.len())];
    payload.extend(PAYLOAD);
    payload
}

fn frame(to: &Device, from: &Device, kind: [u8; 2], packet: &[u8]) -> Vec<u8> {
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

impl Lane {
    /// Protocol 41 from host a to any server, from one NIC by way of the router's to the last.
    pub fn inward(nics: [&Device; 3], server: Ipv6Addr) -> Result<Self> {
        let [from, to, _] = nics;
        let packet = Outer::new(HOST_A, ROUTER).packet(&inner(server, &PAYLOAD)?)?;
        Ok(Self::decapsulated(nics, frame(to, from, IPV4, &packet)))
    }

    fn decapsulated(nics: [&Device; 3], frame: Vec<u8>) -> Self {
        let [from, router, to] = nics.map(Clone::clone);
        Self {
            from,
            router,
            to,
            length: frame.len() - OUTER,
            frame,
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

    /// Ends somewhere else.
    #[must_use]
    pub fn ending_at(self, to: &Device) -> Self {
        Self {
            to: to.clone(),
            ..self
        }
    }

    /// Sends packets through.
    pub fn run(&self, kind: Kind, packets: u32) -> Result<Sample> {
        let generator = Program::generator(&self.frame, self.from.ifindex)?;
        self.run_with(&generator, kind, &Pace::of(packets))
    }

    /// Sends packets through that another generator makes of the frame.
    pub fn run_with(&self, generator: &Program, kind: Kind, pace: &Pace<'_>) -> Result<Sample> {
        let at = i16::try_from(self.length - PAYLOAD.len())?;
        let sink = Sink::put(kind, &self.to, PAYLOAD, at)?;
        self.sample(generator, pace, &|| sink.count())
    }

    /// Makes as many packets and sends none.
    pub fn run_nowhere(&self, packets: u32) -> Result<Sample> {
        let counter = Counter::new()?;
        let generator = Program::idle_generator(&self.frame, &counter)?;
        self.sample(&generator, &Pace::of(packets), &|| counter.read())
    }

    fn sample(
        &self,
        generator: &Program,
        pace: &Pace<'_>,
        arrived: &(dyn Fn() -> Result<u64> + Sync),
    ) -> Result<Sample> {
        self.from.inside.enter(|| {
            if pace.warm > 0 {
                generator.run(&self.frame, pace.warm)?;
            }
            interrupt::sleep(DRAINED)?;
            let before = arrived()?;
            (pace.begin)()?;
            let cost = generator.run(&self.frame, pace.packets)?;
            interrupt::sleep(DRAINED)?;
            Ok(Sample {
                cost,
                offered: u64::from(pace.packets),
                delivered: arrived()? - before,
            })
        })
    }
}
