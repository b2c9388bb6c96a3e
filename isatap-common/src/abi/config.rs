use bytemuck::{Pod, Zeroable};

use super::map_types;

/// IPv4 addresses of one instance at most.
pub const MAX_LOCATORS: usize = 16;

/// The one record of `CONFIG`: what every packet needs without a lookup of its own.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
pub struct Config {
    /// Counts changes of routes, neighbours, links and configuration; a cached next hop of
    /// another generation is not believed. Zero, which means none, is left out.
    pub generation: u16,
    /// How many of `locators` are in use.
    pub locator_count: u16,
    /// Ticks of `bpf_jiffies64` for which a cached next hop is believed: one second.
    pub fresh_jiffies: u32,
    /// Interface index of the ISATAP device.
    pub device: u32,
    /// [`Role`] as a number.
    pub role: u8,
    /// Outer time to live.
    pub ttl: u8,
    /// [`Switches`] as bits.
    pub switches: u16,
    /// Largest inner packet in bytes.
    pub mtu: u32,
    /// Nanoseconds between two hosts that are probed ([`super::Probes`]).
    pub probe_interval: u32,
    /// Each of our IPv4 addresses with the interface that has it, by [`super::Locator::slot`].
    pub locators: [LocatorRef; MAX_LOCATORS],
}

/// One locator as the programs compare it: both fields of [`super::LocatorKey`].
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct LocatorRef {
    /// Interface index of the IPv4 interface.
    pub ifindex: u32,
    /// Our IPv4 address, big-endian.
    pub ipv4: [u8; 4],
}

/// What this node is on the ISATAP link (RFC 5214 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Role {
    /// Advertising interface: forwards and answers Router Solicitations.
    Router = 0,
    /// Solicits and configures itself.
    Host = 1,
}

/// The bits of [`Config::switches`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switches(pub u16);

impl Switches {
    /// Copy the inner DSCP to the outer header (RFC 2983); otherwise it is zero.
    pub const COPY_DSCP: Self = Self(1 << 0);
    /// Drop protocol 41 and 4 inside protocol 41.
    pub const DROP_NESTED: Self = Self(1 << 1);
    /// Refuse to forward from one host of the link to another.
    pub const NO_HAIRPIN: Self = Self(1 << 2);
    /// `BPF_F_ADJ_ROOM_DECAP_L3_IPV6` works on this kernel (since 6.3).
    pub const DECAP_L3: Self = Self(1 << 3);
    /// Programs forward from NIC to NIC, so a way in the cache must lead to one of `LINKS`.
    pub const FORWARDS: Self = Self(1 << 4);
    /// A router sends only to hosts that it has heard from, a host not to those that do not answer.
    pub const NEIGHBOR_CHECK: Self = Self(1 << 5);
    /// There are 6rd prefixes, so a native address may embed ours in a way that the cached path does
    /// not know.
    pub const SIX_RD: Self = Self(1 << 6);

    /// Path MTUs are tracked and packets say Don't Fragment (RFC 4213 section 3.2.2).
    pub const DYNAMIC_MTU: Self = Self(1 << 7);

    /// Whether every bit of `other` is set.
    #[inline(always)]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Config {
    /// The switches as a set.
    #[inline(always)]
    pub const fn switches(&self) -> Switches {
        Switches(self.switches)
    }

    /// The generation after this one.
    pub const fn next_generation(&self) -> u16 {
        match self.generation.wrapping_add(1) {
            0 => 1,
            next => next,
        }
    }

    /// The locator of packets for which no other is better; zero if there is none.
    #[inline(always)]
    pub const fn first_locator(&self) -> [u8; 4] {
        self.locators[0].ipv4
    }

    /// Whether `ipv4` is one of the locators.
    pub fn has_locator(&self, ipv4: [u8; 4]) -> bool {
        let mut used = self.locators.iter().take(self.locator_count.into());
        used.any(|locator| locator.ipv4 == ipv4)
    }

    /// Whether this node forwards for others. An unknown number is a host, which does less.
    #[inline(always)]
    pub const fn is_router(&self) -> bool {
        self.role == Role::Router as u8
    }

    /// What this node is.
    #[inline(always)]
    pub const fn role(&self) -> Role {
        if self.is_router() {
            Role::Router
        } else {
            Role::Host
        }
    }
}

map_types!(Config);

const _: () = assert!(size_of::<Config>() == 24 + 8 * MAX_LOCATORS);
