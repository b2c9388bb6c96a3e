//! One TCP connection with segmentation offload: through our TC programs, through `sit`, and without
//! a tunnel.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddrV6, TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use socket2::SockRef;

use super::outcome::Transfer;
use crate::config;
use crate::daemon::Daemon;
use crate::exec;
use crate::interop::connectivity::{configured, in_prefix};
use crate::interop::peers::Sit;
use crate::names::Names;
use crate::ns::{Inside, Namespace};
use crate::pins::Pins;
use crate::site::{PREFIX, UPLINK};

const MEGABYTES: [u64; 3] = [64, 128, 256];
/// Of each size: how segments gather differs from one to the next.
const CONNECTIONS: usize = 3;
const PORT: u16 = 5001;
/// What is handed to the socket at once.
const CHUNK: usize = 1 << 17;
const ROUTER: Ipv4Addr = Ipv4Addr::new(10, 8, 0, 1);
const HOST: Ipv4Addr = Ipv4Addr::new(10, 8, 0, 2);
const ROUTER_PLAIN: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xe, 0, 0, 0, 0, 1);
const HOST_PLAIN: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xe, 0, 0, 0, 0, 2);
/// A guest has nothing else to do.
const PATIENCE: Duration = Duration::from_secs(5);

/// Every way at every size, from the host to the router.
pub fn measure(program: &Path, directory: &Path) -> Result<Vec<Transfer>> {
    let wire = Wire::create()?;
    let mut transfers = wire.transfers("plain", ROUTER_PLAIN)?;
    transfers.extend(through_sit(&wire)?);
    transfers.extend(through_ours(&wire, program, directory)?);
    Ok(transfers)
}

fn through_sit(wire: &Wire) -> Result<Vec<Transfer>> {
    let (one, other) = (
        Sit::create(&wire.router, ROUTER)?,
        Sit::create(&wire.host, HOST)?,
    );
    one.address(in_prefix(PREFIX, ROUTER))?;
    other.address(in_prefix(PREFIX, HOST))?;
    let transfers = wire.transfers("sit", in_prefix(PREFIX, ROUTER))?;
    one.remove()?;
    other.remove()?;
    Ok(transfers)
}

fn through_ours(wire: &Wire, program: &Path, directory: &Path) -> Result<Vec<Transfer>> {
    let names = &wire.names;
    let _pins = Pins::prepare(names.devices())?;
    let (router, host) = (names.router_device(), names.host_a_device());
    let text = config::router_of_hosts(router);
    let _router = Daemon::start(program, &wire.router, router, &text, directory)?;
    let text = config::host_of(host, ROUTER);
    let _host = Daemon::start(program, &wire.host, host, &text, directory)?;
    configured(&wire.host, host, in_prefix(PREFIX, HOST))?;
    wire.transfers("tc", in_prefix(PREFIX, ROUTER))
}

/// Two nodes with nothing between them.
struct Wire {
    names: Names,
    router: Namespace,
    host: Namespace,
}

impl Wire {
    fn create() -> Result<Self> {
        let names = Names::unique();
        let wire = Self {
            router: Namespace::create(&names.namespace("one"))?,
            host: Namespace::create(&names.namespace("other"))?,
            names,
        };
        let (router, host) = (wire.router.name(), wire.host.name());
        exec::line(&format!(
            "ip link add {UPLINK} netns {router} type veth peer name {UPLINK} netns {host}"
        ))?;
        for (node, ipv4, ipv6) in [
            (&wire.router, ROUTER, ROUTER_PLAIN),
            (&wire.host, HOST, HOST_PLAIN),
        ] {
            node.run(&format!("ip link set {UPLINK} up"))?;
            node.run(&format!("ip addr add {ipv4}/24 dev {UPLINK}"))?;
            node.run(&format!("ip addr add {ipv6}/64 dev {UPLINK} nodad"))?;
        }
        Ok(wire)
    }

    fn transfers(&self, way: &str, to: Ipv6Addr) -> Result<Vec<Transfer>> {
        // The first connection asks for neighbours and fills allocators.
        transfer(&self.host, &self.router, to, 1 << 20)?;
        let one = |megabytes| {
            let octets = megabytes << 20;
            let each = || {
                let time = transfer(&self.host, &self.router, to, octets)?;
                Ok(u64::try_from(time.as_nanos())?)
            };
            Ok(Transfer {
                way: way.to_owned(),
                octets,
                times: (0..CONNECTIONS).map(|_| each()).collect::<Result<_>>()?,
            })
        };
        MEGABYTES.into_iter().map(one).collect()
    }
}

/// From the first octet handed over to the last one read.
fn transfer(from: &Inside, at: &Inside, to: Ipv6Addr, octets: u64) -> Result<Duration> {
    let address = SocketAddrV6::new(to, PORT, 0, 0);
    let (ready, listening) = mpsc::channel();
    thread::scope(|scope| {
        let at_end = scope.spawn(move || {
            at.enter(move || {
                let listener = TcpListener::bind(address)?;
                // It holds for who is accepted as well.
                SockRef::from(&listener).set_read_timeout(Some(PATIENCE))?;
                ready.send(())?;
                receive(&listener, octets)
            })
        });
        let sent = listening
            .recv_timeout(PATIENCE)
            .context("nobody listens")
            .and_then(|()| from.enter(|| send(address, octets)));
        let received = at_end.join().map_err(|_| anyhow!("a thread panicked"))?;
        // Why nobody listens is known there.
        let (begin, end) = match (sent, received) {
            (Ok(begin), Ok(end)) => (begin, end),
            (_, Err(error)) | (Err(error), _) => return Err(error),
        };
        Ok(end.duration_since(begin))
    })
}

fn send(address: SocketAddrV6, octets: u64) -> Result<Instant> {
    let mut stream = TcpStream::connect(address)?;
    let chunk = vec![0; CHUNK];
    let begin = Instant::now();
    for _ in 0..octets / CHUNK as u64 {
        stream.write_all(&chunk)?;
    }
    stream.shutdown(Shutdown::Write)?;
    Ok(begin)
}

fn receive(listener: &TcpListener, octets: u64) -> Result<Instant> {
    let (mut stream, _) = listener.accept()?;
    let mut chunk = vec![0; CHUNK];
    let mut received = 0;
    loop {
        match stream.read(&mut chunk)? {
            0 => break,
            read => received += read as u64,
        }
    }
    ensure!(received == octets, "{received} of {octets} octets arrived");
    Ok(Instant::now())
}
