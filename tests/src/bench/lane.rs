//! The way that packets take through the router of a site, from a generator to a sink.

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
        let packet = Outer::new(HOST_A, ROUTER).packet(&inner()?)?;
        let frame = frame(&self.uplink, &self.core, IPV4, &packet);
        Ok(Lane {
            from: self.core.clone(),
            router: self.uplink.clone(),
            to: self.server.clone(),
            length: frame.len() - OUTER,
            frame,
        })
    }

    /// The same packet without the outer header.
    pub fn inward_plain(&self) -> Result<Lane> {
        let lane = self.inward()?;
        let frame = frame(&self.uplink, &self.core, IPV6, &inner()?);
        Ok(Lane { frame, ..lane }.unchanged())
    }

    /// IPv6 from the server to host a: to be encapsulated.
    pub fn outward(&self) -> Result<Lane> {
        let inner = Inner::new(SERVER, isatap_address(HOST_A)).udp(PORT, PORT, &PAYLOAD);
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

/// From host a to the server.
fn inner() -> Result<Vec<u8>> {
    let inner = Inner::new(isatap_address(HOST_A), SERVER);
    inner.udp(PORT, PORT, &PAYLOAD).packet()
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
        let at = i16::try_from(self.length - PAYLOAD.len())?;
        let sink = Sink::put(kind, &self.to, PAYLOAD, at)?;
        let generator = Program::generator(&self.frame, self.from.ifindex)?;
        self.sample(&generator, packets, &|| sink.count())
    }

    /// Makes as many packets and sends none.
    pub fn run_nowhere(&self, packets: u32) -> Result<Sample> {
        let counter = Counter::new()?;
        let generator = Program::idle_generator(&self.frame, &counter)?;
        self.sample(&generator, packets, &|| counter.read())
    }

    fn sample(
        &self,
        generator: &Program,
        packets: u32,
        arrived: &(dyn Fn() -> Result<u64> + Sync),
    ) -> Result<Sample> {
        self.from.inside.enter(|| {
            generator.run(&self.frame, WARM)?;
            interrupt::sleep(DRAINED)?;
            let before = arrived()?;
            let cost = generator.run(&self.frame, packets)?;
            interrupt::sleep(DRAINED)?;
            Ok(Sample {
                cost,
                offered: u64::from(packets),
                delivered: arrived()? - before,
            })
        })
    }
}
