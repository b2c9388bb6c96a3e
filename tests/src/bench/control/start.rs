//! From the start of the daemon to packets that flow.

use std::net::{SocketAddrV4, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use socket2::{Domain, Protocol, Socket, Type};

use super::outcome::Outcome;
use super::run::Stand;
use crate::config::{self, Xdp};
use crate::daemon::Daemon;
use crate::packet::{Inner, Outer};
use crate::site::{HOST_A, ROUTER, SERVER, isatap_address};

const PORT: u16 = 4141;
/// Between two probes: a start is told no more exactly.
const PACE: Duration = Duration::from_micros(500);
const PATIENCE: Duration = Duration::from_secs(20);

/// One start from nothing, while host a sends one probe after the other to the server.
pub fn measure(stand: &Stand<'_>, outcome: &mut Outcome) -> Result<()> {
    let server = stand.site.server.enter(|| {
        let socket = UdpSocket::bind((SERVER, PORT))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        Ok(socket)
    })?;
    let device = stand.names.router_device();
    let config = config::router(device, Xdp::Auto);
    let router = &stand.site.router;
    let daemon = Daemon::prepare(stand.program, router, device, &config, stand.directory)?;
    let mut daemon = daemon.quiet();
    let over = AtomicBool::new(false);
    let (ready, forwarding) = thread::scope(|scope| {
        let probes = scope.spawn(|| probe(stand, &over));
        let arrival = scope.spawn(|| server.recv(&mut [0; 16]).map(|_| Instant::now()));
        let begin = Instant::now();
        let started = daemon.resume().map(|()| begin.elapsed());
        let arrived = arrival.join().map_err(|_| anyhow!("the server panicked"));
        over.store(true, Ordering::Relaxed);
        probes.join().map_err(|_| anyhow!("the host panicked"))??;
        let arrived = arrived?.context("no probe arrived")?;
        anyhow::Ok((started?, arrived.duration_since(begin)))
    })?;
    daemon.down()?;
    outcome.note("start-ready", "start until it says that it is ready", ready);
    outcome.note(
        "start-forwarding",
        "start until the first packet is forwarded",
        forwarding,
    );
    Ok(())
}

/// Sends datagrams through the tunnel until it is over, whether there is a router or not.
fn probe(stand: &Stand<'_>, over: &AtomicBool) -> Result<()> {
    let inner = Inner::new(isatap_address(HOST_A), SERVER).udp(PORT, PORT, b"probe");
    let packet = Outer::new(HOST_A, ROUTER).packet(&inner.packet()?)?;
    stand.site.host_a.enter(|| {
        // IPPROTO_RAW
        let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(255)))?;
        socket.set_header_included_v4(true)?;
        let to = SocketAddrV4::new(ROUTER, 0).into();
        while !over.load(Ordering::Relaxed) {
            socket.send_to(&packet, &to)?;
            thread::sleep(PACE);
        }
        Ok(())
    })
}
