//! What a full look-up found, believed for a second: hosts that were admitted, and ways out.
#![expect(unsafe_code, reason = "map values are reached through raw pointers")]

mod next_hop;
pub mod peer;
mod source;

use core::{arch::asm, mem::offset_of};

use aya_ebpf::helpers::generated::{bpf_get_prandom_u32, bpf_get_smp_processor_id, bpf_jiffies64};
use isatap_common::{
    abi::{self, Direction, Traffic},
    addr::{Address, Ipv4},
    wire::ipv4,
};

pub use self::{
    next_hop::{Way, egress, kept},
    source::Admission,
};
use crate::maps::NEXT_HOPS;

/// The cache of this CPU. Nobody else uses it while a program runs, but for the clock, which user
/// space sets.
#[derive(Clone, Copy)]
pub struct Cache(*mut abi::Cache);

impl Cache {
    /// Finds it.
    #[inline(always)]
    pub fn of_this_cpu() -> Option<Self> {
        // SAFETY: the helper has no arguments.
        let cpu = unsafe { bpf_get_smp_processor_id() };
        NEXT_HOPS.get_ptr_mut(cpu).map(Self)
    }

    /// The same, which the compiler takes for another: it would compute what two branches need before them, for the
    /// one that needs less of it as well.
    #[inline(always)]
    pub fn apart(self) -> Self {
        Self(apart(self.0))
    }

    /// The time, for every line that a packet asks for.
    #[inline(always)]
    pub fn now(self) -> u64 {
        // SAFETY: the helper has no arguments.
        let ticks = unsafe { bpf_jiffies64() };
        // SAFETY: the value is there for good; the clock is one aligned word, written whole.
        let clock = unsafe { (&raw const (*self.0).clock).read_volatile() };
        added(ticks, clock.ahead)
    }

    /// The bits of the inner traffic class that the outer one has as well.
    #[inline(always)]
    pub fn copied(self) -> u8 {
        // SAFETY: as above.
        unsafe { (*self.0).copied }
    }

    /// What outer headers have in common.
    #[inline(always)]
    pub fn common(self) -> ipv4::Common {
        // SAFETY: as above; it is one aligned word, written whole.
        ipv4::Common(unsafe { (&raw const (*self.0).common).read_volatile() })
    }

    /// Whose frames are forwarded that come in through an interface.
    #[inline(always)]
    pub fn nic(self, ifindex: u32) -> abi::Nic {
        let at = abi::Nic::index(ifindex) as usize * size_of::<abi::Nic>();
        let moved = added(at as u64, self.0 as u64) as *const abi::Cache;
        // SAFETY: an index has no more bits than the table has slots, each of which is one aligned word,
        // written whole.
        unsafe {
            (&raw const (*moved).nics)
                .cast::<abi::Nic>()
                .read_volatile()
        }
    }

    /// The place of a host.
    #[inline(always)]
    pub fn admission(self, prefix: u64, remote: Ipv4) -> Admission {
        Admission::at(
            self.line::<_, { offset_of!(abi::Cache, sources) }>(abi::Source::index(prefix, remote)),
        )
    }

    /// The same by both halves of an inner source.
    #[inline(always)]
    pub fn admission_of(self, (prefix, id): (u64, u64)) -> Admission {
        let index = abi::Source::index_of(prefix, id);
        Admission::at(self.line::<_, { offset_of!(abi::Cache, sources) }>(index))
    }

    /// The place of an inner address.
    #[inline(always)]
    pub fn way(self, to: Address) -> Way {
        Way::at(self.line::<_, { offset_of!(abi::Cache, next_hops) }>(abi::NextHop::index(to)))
    }

    /// The line of the block of a host.
    #[inline(always)]
    pub fn source_block<'a>(self, prefix: u64, remote: Ipv4) -> &'a mut abi::SourceBlock {
        let index = abi::Block::index(prefix, remote);
        // SAFETY: an index has no more bits than the table has lines; nothing else borrows the line.
        unsafe { &mut *self.line::<_, { offset_of!(abi::Cache, source_blocks) }>(index) }
    }

    /// The line of the block of an inner address, which embeds `remote`.
    #[inline(always)]
    pub fn way_block<'a>(self, to: Address, remote: Ipv4) -> &'a mut abi::WayBlock {
        let index = abi::Block::index(to.high.to_be(), remote);
        // SAFETY: as above.
        unsafe { &mut *self.line::<_, { offset_of!(abi::Cache, way_blocks) }>(index) }
    }

    /// A line of the table that starts `TABLE` octets behind the beginning. Both sums are taken here: the
    /// compiler would add to a copy of the cache's address, for want of registers on the stack.
    #[inline(always)]
    fn line<L, const TABLE: usize>(self, index: u32) -> *mut L {
        let mut line = u64::from(index) * size_of::<L>() as u64;
        // SAFETY: the instructions have no other effect than the one that is declared.
        unsafe {
            asm!(
                "{line} += {cache}",
                "{line} += {table}",
                line = inlateout(reg) line,
                cache = in(reg) self.0,
                table = const TABLE,
                options(nomem, nostack)
            );
        }
        line as *mut L
    }

    /// Whether this packet, which no line of its own counts, is not to be accounted for.
    #[inline(always)]
    pub fn passes(self, direction: Direction) -> bool {
        self.sampler(direction).passes()
    }

    /// For how many packets this one of `bytes`, which no line of its own counts, is to be accounted for.
    #[inline(always)]
    pub fn sampled(self, direction: Direction, bytes: u32) -> Option<Traffic> {
        let sampler = self.sampler(direction);
        // SAFETY: the helper has no arguments.
        let packets = sampler.chosen(|| unsafe { bpf_get_prandom_u32() })?;
        let packets = u32::from(packets);
        Some(Traffic::new(packets, packets * bytes))
    }

    #[inline(always)]
    fn sampler<'a>(self, direction: Direction) -> &'a mut abi::Sampler {
        // SAFETY: there is one for each direction, and nothing else borrows it.
        unsafe {
            &mut *(&raw mut (*self.0).samplers)
                .cast::<abi::Sampler>()
                .add(direction as usize)
        }
    }

    /// Counts a packet that XDP forwards as the cache says.
    #[inline(always)]
    pub fn forwarded(self, direction: Direction, bytes: u32) {
        // SAFETY: there is one counter for each direction.
        unsafe {
            let counters = (&raw mut (*self.0).forwarded).cast::<abi::Counter>();
            let counter = counters.add(direction as usize);
            (*counter).packets += 1;
            (*counter).bytes += u64::from(bytes);
        }
    }
}

/// The sum, taken here: left to the compiler both numbers would be kept on the stack until it is
/// used, for want of registers.
#[inline(always)]
fn added(mut one: u64, other: u64) -> u64 {
    // SAFETY: the instruction has no other effect than the one that is declared.
    unsafe {
        asm!(
            "{one} += {other}",
            one = inlateout(reg) one,
            other = in(reg) other,
            options(nomem, nostack)
        );
    }
    one
}

/// The same pointer, from an instruction that the compiler does not look into.
#[inline(always)]
fn apart<T>(one: *mut T) -> *mut T {
    let other;
    // SAFETY: the instruction has no other effect than the one that is declared.
    unsafe {
        asm!(
            "{other} = {one}",
            other = lateout(reg) other,
            one = in(reg) one,
            options(nomem, nostack)
        );
    }
    other
}
