//! A router in a network namespace of its own, with the programs loaded.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::PathBuf,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use aya::{TestRunOptions, programs::Xdp};
use isatap_common::{
    abi::{Direction, Layer, LocatorRef, Role, Switches},
    path::Reason,
};
use isatap_ctl::datapath::{self, Nics, Side};
use nix::{
    sched::{CloneFlags, CpuSet, sched_getcpu, sched_setaffinity, unshare},
    unistd::Pid,
};

use super::{
    lent::Lent,
    site::{Indexes, tables},
};

/// Octets of `struct __sk_buff` where the interface index and the size of a segment are, and the
/// structure's length.
const SK_BUFF_IFINDEX: usize = 40;
const SK_BUFF_GSO_SIZE: usize = 176;
const SK_BUFF: usize = 192;

/// The programs, and where they are pinned.
pub struct Machine {
    pub indexes: Indexes,
    datapath: Lent,
    directory: PathBuf,
}

/// What a program made of a packet.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub action: u32,
    pub reason: Option<Reason>,
    pub packet: Vec<u8>,
}

/// For so long the programs believe what is in their caches.
pub const BELIEVED: Duration = Duration::from_secs(1);

/// Asks once more, while what was left in the caches `since` is believed: a machine that stood still for
/// longer is asked again.
pub fn soon<T>(mut since: Instant, mut ask: impl FnMut() -> T) -> T {
    loop {
        let now = Instant::now();
        let answer = ask();
        if since.elapsed() < BELIEVED {
            return answer;
        }
        since = now;
    }
}

/// Runs a test whose packets have to follow each other while what the first ones left is believed. One that fails and took
/// longer is begun again, with a machine of its own, a few times.
pub fn while_believed<M>(make: impl Fn() -> M + Sync, test: impl Fn(&mut M) + Sync) {
    const TIMES: usize = 20;
    let mut left = TIMES;
    loop {
        let mut late = None;
        in_namespace(|| {
            let mut machine = make();
            let since = Instant::now();
            let outcome = catch_unwind(AssertUnwindSafe(|| test(&mut machine)));
            if let Err(panic) = outcome {
                if since.elapsed() < BELIEVED {
                    resume_unwind(panic);
                }
                late = Some(panic);
            }
        });
        left -= 1;
        match late {
            None => return,
            Some(panic) if left == 0 => resume_unwind(panic),
            Some(_) => {}
        }
    }
}

/// Runs `test` on a thread of its own in a new network namespace, and on one CPU, each of which has
/// caches of its own.
pub fn in_namespace(test: impl FnOnce() + Send) {
    thread::scope(|scope| {
        let body = || {
            unshare(CloneFlags::CLONE_NEWNET).unwrap();
            let mut cpu = CpuSet::new();
            cpu.set(sched_getcpu().unwrap()).unwrap();
            sched_setaffinity(Pid::from_raw(0), &cpu).unwrap();
            test();
        };
        if let Err(panic) = scope.spawn(body).join() {
            resume_unwind(panic);
        }
    });
}

impl Machine {
    /// Sets the router up in the calling thread's namespace, with the programs. They are attached to
    /// nothing: a packet that the kernel sends of itself would be counted between those of the rows.
    pub fn new(name: &str, role: Role, switches: Switches) -> Self {
        for line in SETUP.lines() {
            ip(line.trim());
        }
        for (key, value) in SYSCTLS {
            fs::write(format!("/proc/sys/net/{key}"), value).unwrap();
        }
        for line in ADDRESSES.lines() {
            ip(line.trim());
        }
        isatap_ctl::kernel::bpffs::ensure_mounted().unwrap();
        let directory = PathBuf::from(format!(
            "/sys/fs/bpf/isatap-rows-{name}-{}",
            std::process::id()
        ));
        fs::create_dir(&directory).unwrap();
        let mut machine = Self {
            indexes: Indexes {
                device: index("isatap0"),
                uplink: index("up0"),
                native: index("nat0"),
            },
            datapath: Lent::pinned(&directory),
            directory,
        };
        machine.configure(role, switches);
        machine
    }

    /// Where a map is pinned.
    pub fn pin(&self, map: &str) -> PathBuf {
        self.directory.join(map)
    }

    pub fn configure(&mut self, role: Role, switches: Switches) {
        tables(role, switches, self.indexes)
            .write(&mut self.datapath.maps)
            .unwrap();
    }

    /// Another address of ours on the uplink, for the programs alone.
    pub fn second_locator(&mut self, ipv4: [u8; 4]) {
        let mut tables = tables(Role::Router, Switches::default(), self.indexes);
        tables.config.locator_count = 2;
        tables.config.locators[1] = LocatorRef {
            ifindex: self.indexes.uplink,
            ipv4,
        };
        tables.write(&mut self.datapath.maps).unwrap();
    }

    /// Other NICs, for the programs alone.
    pub fn set_nics(&mut self, nics: Nics) {
        let mut tables = tables(Role::Router, Switches::default(), self.indexes);
        tables.nics = nics;
        tables.write(&mut self.datapath.maps).unwrap();
    }

    /// Runs `isatap_xdp` of the side that the direction is from, on a frame that came in through `ifindex`.
    pub fn xdp(&mut self, direction: Direction, ifindex: u32, frame: &[u8]) -> Outcome {
        let side = match direction {
            Direction::In => Side::Uplink,
            Direction::Out => Side::Native,
        };
        self.xdp_of(side, direction, ifindex, frame)
    }

    /// `isatap_xdp` of a side.
    pub fn program(&mut self, side: Side) -> &mut Xdp {
        self.datapath.xdp(side).unwrap()
    }

    /// Runs that of any side.
    pub fn xdp_of(
        &mut self,
        side: Side,
        direction: Direction,
        ifindex: u32,
        frame: &[u8],
    ) -> Outcome {
        let before = self.counters(direction, Layer::Xdp);
        let (action, packet) = self.run_xdp(side, ifindex, frame);
        Outcome {
            action,
            reason: self.counted(direction, Layer::Xdp, &before),
            packet,
        }
    }

    /// The same without a look at the counters, and what becomes of the frame: its action, and what it is then.
    pub fn run_xdp(&mut self, side: Side, ifindex: u32, frame: &[u8]) -> (u32, Vec<u8>) {
        let mut context = [0; 24];
        context[4..8].copy_from_slice(&u32::try_from(frame.len()).unwrap().to_ne_bytes());
        context[12..16].copy_from_slice(&ifindex.to_ne_bytes());
        run(self.program(side), frame, &context)
    }

    /// Runs `isatap_in` on a frame that came in through `ifindex`.
    pub fn tc_in(&mut self, ifindex: u32, frame: &[u8]) -> Outcome {
        self.classify("isatap_in", Direction::In, frame, &sk_buff(ifindex, 0))
    }

    /// Runs `isatap_out` on a packet that the stack sends into the device.
    pub fn tc_out(&mut self, packet: &[u8]) -> Outcome {
        let context = sk_buff(self.indexes.device, 0);
        self.classify("isatap_out", Direction::Out, packet, &context)
    }

    /// Runs `isatap_forward` on a frame that came in through `ifindex`.
    pub fn forward(&mut self, direction: Direction, ifindex: u32, frame: &[u8]) -> Outcome {
        self.classify("isatap_forward", direction, frame, &sk_buff(ifindex, 0))
    }

    /// The same with a frame that stands for several, each with so many octets of payload.
    pub fn forward_segments(
        &mut self,
        direction: Direction,
        ifindex: u32,
        frame: &[u8],
        each: u32,
    ) -> Outcome {
        let context = sk_buff(ifindex, each);
        self.classify("isatap_forward", direction, frame, &context)
    }

    fn classify(
        &mut self,
        name: &'static str,
        direction: Direction,
        frame: &[u8],
        context: &[u8],
    ) -> Outcome {
        let before = self.counters(direction, Layer::Tc);
        let program = self.datapath.classifier(name).unwrap();
        let (action, packet) = run(program, frame, context);
        Outcome {
            action,
            reason: self.counted(direction, Layer::Tc, &before),
            packet,
        }
    }

    /// The path MTU to a peer, from now on.
    pub fn set_path_mtu(&mut self, remote: [u8; 4], mtu: u32) {
        let now = isatap_ctl::clock::now();
        let peers = &mut self.datapath.maps.peers;
        peers.set_path_mtu(remote, mtu, now);
    }

    /// Makes the programs look everything up anew.
    pub fn cool(&mut self, switches: Switches) {
        self.configure(Role::Host, switches);
        self.configure(Role::Router, switches);
    }

    /// Packets of each reason so far.
    pub fn counters(&self, direction: Direction, layer: Layer) -> Vec<u64> {
        let packets = |reason: &Reason| {
            let maps = &self.datapath.maps;
            let place = (direction, layer, *reason);
            let counted = datapath::counted(&maps.counters, &maps.caches, place);
            counted.unwrap().packets
        };
        Reason::ALL.iter().map(packets).collect()
    }

    /// The one reason that was counted since.
    pub fn counted(&self, direction: Direction, layer: Layer, before: &[u64]) -> Option<Reason> {
        let after = self.counters(direction, layer);
        let counts = Reason::ALL.iter().zip(before.iter().zip(&after));
        let changed: Vec<_> = counts
            .filter(|(_, (before, after))| before != after)
            .collect();
        assert!(
            changed.len() <= 1,
            "counted twice in {layer:?} {direction:?}, before and after: {changed:?}"
        );
        changed.first().map(|(reason, _)| **reason)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.directory).unwrap();
    }
}

fn sk_buff(ifindex: u32, segment: u32) -> [u8; SK_BUFF] {
    let mut context = [0; SK_BUFF];
    context[SK_BUFF_IFINDEX..SK_BUFF_IFINDEX + 4].copy_from_slice(&ifindex.to_ne_bytes());
    context[SK_BUFF_GSO_SIZE..SK_BUFF_GSO_SIZE + 4].copy_from_slice(&segment.to_ne_bytes());
    context
}

fn run<P>(program: &mut P, frame: &[u8], context: &[u8]) -> (u32, Vec<u8>)
where
    P: for<'a> aya::TestRun<Opts<'a> = TestRunOptions<'a>, Result = aya::TestRunResult>,
{
    let mut out = vec![0; frame.len() + 256];
    let mut options = TestRunOptions::new();
    options.data_in = Some(frame);
    options.data_out = Some(&mut out);
    options.ctx_in = Some(context);
    let result = program.test_run(options).unwrap();
    out.truncate(usize::try_from(result.data_size_out).unwrap());
    (result.return_value, out)
}

/// Runs `ip` with the words of `line`.
pub fn ip(line: &str) {
    let output = Command::new("ip")
        .args(line.split_whitespace())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "ip {line}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn index(name: &str) -> u32 {
    nix::net::if_::if_nametoindex(name).unwrap()
}

const SETUP: &str = "link set lo up
    link add up0 address 02:00:00:00:09:02 type veth peer name up1 address 02:00:00:00:09:01
    link add nat0 address 02:00:00:00:0f:fe type veth peer name nat1 address 02:00:00:00:0f:01
    tuntap add isatap0 mode tun
    link set isatap0 addrgenmode none
    link set isatap0 mtu 1480";

const SYSCTLS: [(&str, &str); 6] = [
    ("ipv6/conf/up0/disable_ipv6", "1"),
    ("ipv6/conf/up1/disable_ipv6", "1"),
    ("ipv6/conf/nat0/accept_dad", "0"),
    ("ipv6/conf/nat1/disable_ipv6", "1"),
    ("ipv6/conf/all/forwarding", "1"),
    ("ipv4/conf/isatap0/forwarding", "1"),
];

const ADDRESSES: &str = "link set up0 up
    link set up1 up
    link set nat0 up
    link set nat1 up
    link set isatap0 up
    addr add 10.9.0.2/24 dev up0
    route add default via 10.9.0.1
    neigh add 10.9.0.1 lladdr 02:00:00:00:09:01 dev up0 nud permanent
    -6 addr add 2001:db8:f::fe/64 dev nat0 nodad
    -6 neigh add 2001:db8:f::1 lladdr 02:00:00:00:0f:01 dev nat0 nud permanent
    -6 addr add fe80::5efe:a09:2/64 dev isatap0 nodad
    -6 addr add 2001:db8:0:1:0:5efe:a09:2/64 dev isatap0 nodad
    -6 route add 2001:db8:77::/48 via fe80::5efe:a01:7 dev isatap0";
