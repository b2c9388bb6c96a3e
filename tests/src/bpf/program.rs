//! Programs: loaded, attached, run.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::path::Path;

use anyhow::Result;

use super::again::{self, Moved};
use super::call::{self, Command};
use super::code;
use super::map::{Counter, Map};
use super::peers::{self, Peers};
use super::spread::Spread;

/// `BPF_PROG_TYPE_SCHED_CLS` and `BPF_PROG_TYPE_XDP`.
pub(super) const CLASSIFIER: u32 = 3;
pub(super) const XDP: u32 = 6;
/// `BPF_XDP`, a place to attach to.
const AT_XDP: u32 = 37;
/// `XDP_FLAGS_DRV_MODE`: in the driver, or not at all.
const NATIVE: u32 = 1 << 2;
/// `BPF_F_TEST_XDP_LIVE_FRAMES`
const LIVE_FRAMES: u32 = 1 << 1;
/// `BPF_F_XDP_HAS_FRAGS`, which all programs of a map must agree on.
pub(super) const FRAGMENTS: u32 = 1 << 5;
/// `BPF_LOG_STATS`: of its log the verifier writes the closing lines alone.
const STATISTICS: u32 = 4;
/// Octets that they need, and many more.
const LOG: usize = 4096;
/// Octets of `struct xdp_md`, in words.
const CONTEXT: usize = 6;

#[repr(C)]
struct Load {
    kind: u32,
    count: u32,
    instructions: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log: u64,
    kernel: u32,
    flags: u32,
    name: [u8; 16],
    device: u32,
    place: u32,
}

#[repr(C)]
struct Link {
    program: u32,
    device: u32,
    place: u32,
    flags: u32,
}

#[repr(C)]
struct Pin {
    path: u64,
    descriptor: u32,
    flags: u32,
}

/// The fields of a run up to the batch size.
#[repr(C)]
#[derive(Default)]
struct Run {
    program: u32,
    returned: u32,
    length_in: u32,
    length_out: u32,
    data_in: u64,
    data_out: u64,
    repeat: u32,
    duration: u32,
    context_length: [u32; 2],
    context: [u64; 2],
    flags: u32,
    cpu: u32,
    batch: u32,
    padding: u32,
}

/// A loaded program.
#[derive(Debug)]
pub struct Program(OwnedFd);

/// A program that is attached as long as this lives.
#[derive(Debug)]
pub struct Attached {
    _link: OwnedFd,
}

impl Program {
    /// One that somebody else pinned.
    pub fn pinned(path: &Path) -> Result<Self> {
        call::open_pinned(path).map(Self)
    }

    /// Drops every frame, and counts those with `mark` at `at`.
    pub fn xdp_sink(counter: &Counter, mark: [u8; 4], at: i16) -> Result<Self> {
        Self::load(
            XDP,
            "bench_sink",
            &code::xdp_sink(counter.as_fd(), mark, at),
        )
    }

    /// The same as a classifier.
    pub fn tc_sink(counter: &Counter, mark: [u8; 4], at: i16) -> Result<Self> {
        let code = code::tc_sink(counter.as_fd(), mark, at);
        Self::load(CLASSIFIER, "bench_sink", &code)
    }

    /// Sends every frame to the device in the map, as it is.
    pub fn redirect(devices: &Map) -> Result<Self> {
        Self::load(XDP, "bench_redirect", &code::redirect_map(devices.as_fd()))
    }

    /// Leaves every frame to the stack.
    pub fn pass(name: &str) -> Result<Self> {
        Self::load(XDP, name, &code::pass())
    }

    /// Sends every frame back.
    pub fn send_back() -> Result<Self> {
        Self::load(XDP, "bench_tx", &code::swap_and_send_back())
    }

    /// Makes the beginning of a frame and sends it out of a device.
    pub fn generator(head: &[u8], spread: Option<&Spread>, ifindex: u32) -> Result<Self> {
        let code = code::generate(head, spread, ifindex);
        Self::load(XDP, "bench_generator", &code)
    }

    /// The same, with one end of the packet chosen at random.
    pub fn random_generator(head: &[u8], peers: Peers, ifindex: u32) -> Result<Self> {
        let code = peers::generate(head, peers, ifindex);
        Self::load(XDP, "bench_generator", &code)
    }

    /// Undoes what a router did to the frame and goes on in the program of the map.
    pub fn again(frame: &[u8], moved: Moved, programs: &Map) -> Result<Self> {
        let code = again::restore(frame, moved, programs.as_fd());
        Self::load_with(FRAGMENTS, XDP, "bench_again", &code)
    }

    /// Does nothing but what no tunnel can do without: moves the beginning of the frame and sends it
    /// to the device in the map.
    pub fn move_only(moved: Moved, devices: &Map) -> Result<Self> {
        let code = again::move_only(moved, devices.as_fd());
        Self::load_with(FRAGMENTS, XDP, "bench_move", &code)
    }

    /// One that somebody else loaded, by its number.
    pub fn of(number: u32) -> Result<Self> {
        // The fields of a request for a descriptor: number, the next one, flags.
        let mut ask = [number, 0, 0];
        call::open(Command::OpenProgram, &mut ask).map(Self)
    }

    /// Makes a frame and counts it, which is all.
    pub fn idle_generator(head: &[u8], counter: &Counter) -> Result<Self> {
        let code = code::generate_only(head, counter.as_fd());
        Self::load(XDP, "bench_generator", &code)
    }

    /// Has the kernel sum four octets, and no more.
    pub fn summing() -> Result<Self> {
        Self::load(XDP, "bench_summing", &code::sum())
    }

    fn load(kind: u32, name: &str, code: &[u64]) -> Result<Self> {
        Self::load_with(0, kind, name, code)
    }

    fn load_with(flags: u32, kind: u32, name: &str, code: &[u64]) -> Result<Self> {
        Self::verified(flags, kind, name, code).map(|(program, _)| program)
    }

    /// Loads it, and tells what the verifier says of it in the end.
    pub(super) fn verified(
        flags: u32,
        kind: u32,
        name: &str,
        code: &[u64],
    ) -> Result<(Self, String)> {
        let license = c"GPL";
        let mut log = [0_u8; LOG];
        let mut load = Load {
            kind,
            count: u32::try_from(code.len())?,
            instructions: code.as_ptr() as u64,
            license: license.as_ptr() as u64,
            log_level: STATISTICS,
            log_size: u32::try_from(log.len())?,
            log: log.as_mut_ptr() as u64,
            kernel: 0,
            flags,
            name: [0; 16],
            device: 0,
            place: if kind == XDP { AT_XDP } else { 0 },
        };
        for (to, from) in load.name.iter_mut().zip(name.bytes()) {
            *to = from;
        }
        let program = call::open(Command::Load, &mut load).map(Self)?;
        let said = CStr::from_bytes_until_nul(&log)?;
        Ok((program, said.to_string_lossy().into_owned()))
    }

    /// Attaches it to the driver of a NIC of the calling thread's namespace.
    pub fn attach(&self, ifindex: u32) -> Result<Attached> {
        let mut link = Link {
            program: self.descriptor(),
            device: ifindex,
            place: AT_XDP,
            flags: NATIVE,
        };
        let link = call::open(Command::Link, &mut link)?;
        Ok(Attached { _link: link })
    }

    /// For programs that attach by name.
    pub fn pin(&self, path: &Path) -> Result<()> {
        let path = CString::new(path.to_string_lossy().as_bytes())?;
        let mut pin = Pin {
            path: path.as_ptr() as u64,
            descriptor: self.descriptor(),
            flags: 0,
        };
        call::bpf(Command::Pin, &mut pin).map(drop)
    }

    /// Lets it have so many frames of the length of `frame`, in batches as a NIC would, and tells
    /// the nanoseconds for each, with all that happens to the frame until its end.
    pub fn run(&self, frame: &[u8], frames: u32) -> Result<u64> {
        let mut run = Run {
            program: self.descriptor(),
            length_in: u32::try_from(frame.len())?,
            data_in: frame.as_ptr() as u64,
            repeat: frames,
            flags: LIVE_FRAMES,
            ..Run::default()
        };
        call::bpf(Command::TestRun, &mut run)?;
        Ok(u64::from(run.duration))
    }

    /// Lets it have one frame that goes nowhere.
    pub fn run_once(&self) -> Result<()> {
        let frame = [0; 64];
        let mut run = Run {
            program: self.descriptor(),
            length_in: u32::try_from(frame.len())?,
            data_in: frame.as_ptr() as u64,
            ..Run::default()
        };
        call::bpf(Command::TestRun, &mut run).map(drop)
    }

    /// Runs it so often on one frame as if it had come in through a NIC, and does not send it;
    /// nanoseconds of a run and what the last one returned. What a run did to the frame the next one
    /// finds.
    pub fn repeat(&self, frame: &[u8], ifindex: u32, times: u32) -> Result<(u64, u32)> {
        let length = u32::try_from(frame.len())?;
        let context: [u32; CONTEXT] = [0, length, 0, ifindex, 0, 0];
        let mut run = Run {
            program: self.descriptor(),
            length_in: length,
            data_in: frame.as_ptr() as u64,
            repeat: times,
            context_length: [u32::try_from(size_of_val(&context))?, 0],
            context: [context.as_ptr() as u64, 0],
            ..Run::default()
        };
        call::bpf(Command::TestRun, &mut run)?;
        Ok((u64::from(run.duration), run.returned))
    }

    /// Its descriptor, as a map of programs takes it.
    pub fn descriptor(&self) -> u32 {
        self.0.as_raw_fd().cast_unsigned()
    }
}
