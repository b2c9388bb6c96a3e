//! Router Solicitations from more hosts than there are.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::bare::link_local;
use crate::bpf::{Program, Spread};
use crate::interrupt;
use crate::ns::Inside;
use crate::packet::{Inner, Outer, ethernet};

/// Hosts of one generator: the addresses that one balanced word can make up for.
const EACH: u32 = 1 << 16;
/// Frames of one call, which takes some milliseconds for itself.
const CALL: u32 = 8192;
const ETHERNET: i16 = 14;
const OUTER_SOURCE: i16 = ETHERNET + 12;
const OUTER_IDENTIFICATION: i16 = ETHERNET + 4;
const INNER_SOURCE: i16 = ETHERNET + 20 + 8 + 12;
/// Reserved, and ignored by the receiver (RFC 4861 section 4.1).
const RESERVED: i16 = ETHERNET + 20 + 40 + 4;

/// Live frames out of a NIC, each from another host, as fast as a NIC's driver would.
#[derive(Debug)]
pub struct Flood {
    inside: Inside,
    frame: Vec<u8>,
    generators: Vec<Program>,
}

/// What was sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sent {
    /// Frames.
    pub frames: u32,
    /// In this time.
    pub took: Duration,
}

impl Sent {
    /// Frames in a second.
    pub fn rate(self) -> f64 {
        f64::from(self.frames) / self.took.as_secs_f64()
    }
}

impl Flood {
    /// `hosts` of them, a multiple of 65 536, from `first` on, ask the router with this MAC address
    /// through the NIC of a namespace.
    pub fn new(
        (inside, nic): (&Inside, &str),
        (first, hosts): (Ipv4Addr, u32),
        (router, mac): (Ipv4Addr, [u8; 6]),
    ) -> Result<Self> {
        ensure!(
            hosts.is_multiple_of(EACH),
            "{hosts} hosts are no multiple of {EACH}"
        );
        let index = inside.enter(|| {
            let index = nix::net::if_::if_nametoindex(nic);
            index.with_context(|| nic.to_owned())
        })?;
        let (mut frame, mut generators) = (Vec::new(), Vec::new());
        for block in 0..hosts / EACH {
            let first = first.to_bits() + block * EACH;
            frame = solicitation(first.into(), router, mac)?;
            let spread = Spread::new(first, EACH, vec![OUTER_SOURCE, INNER_SOURCE])?
                .balanced(OUTER_IDENTIFICATION)
                .balanced(RESERVED);
            generators.push(Program::generator(&frame, Some(&spread), index)?);
        }
        Ok(Self {
            inside: inside.clone(),
            frame,
            generators,
        })
    }

    /// Asks `rate` times a second for so long.
    pub fn run(&self, rate: u32, time: Duration) -> Result<Sent> {
        self.inside.enter(|| {
            let (mut sent, start) = (Sent::default(), Instant::now());
            for generator in self.generators.iter().cycle() {
                interrupt::check()?;
                if start.elapsed() >= time {
                    break;
                }
                generator.run(&self.frame, CALL)?;
                sent.frames += CALL;
                let due = Duration::from_secs(sent.frames.into()) / rate;
                std::thread::sleep(due.saturating_sub(start.elapsed()));
            }
            sent.took = start.elapsed();
            Ok(sent)
        })
    }
}

/// With the words that make up for the lower half of the host's address, which is zero here.
fn solicitation(host: Ipv4Addr, router: Ipv4Addr, mac: [u8; 6]) -> Result<Vec<u8>> {
    let inner = Inner::new(link_local(host), link_local(router));
    let inner = inner.icmp(133, 0, &[0xff, 0xff, 0, 0]).packet()?;
    let outer = Outer::new(host, router).identification(0xffff);
    Ok(ethernet([2, 0, 0, 0, 0, 9], mac, &outer.packet(&inner)?))
}
