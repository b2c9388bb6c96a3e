//! The packet path, as pure functions.
//!
//! ```text
//!  protocol 41 in   parse::inbound ─▶ admit::inbound ─▶ rewrite::strip ─▶ IPv6
//!  IPv6 in          parse::outbound ─▶ admit::outbound ─▶ rewrite::push ─▶ protocol 41
//! ```
//!
//! Whatever fails is a [`Reason`], which is also the verdict. The kernel programs, the daemon's
//! slow path and the tests call the same functions; they differ in where the bytes come from
//! ([`crate::octets::Octets`]) and where the tables are kept ([`Site`]).

pub mod admit;
pub mod ecn;
pub mod express;
pub mod limit;
pub mod options;
pub mod parse;
pub mod rewrite;
mod site;
mod verdict;

use admit::{Admitted, Tunnel};
use parse::{Inbound, Outbound};
use rewrite::Strip;
pub use site::Site;
pub use verdict::{Reason, Verdict};

use crate::octets::Octets;

/// Decides on the IPv4 packet at `at` that arrived on interface `ifindex`.
#[inline(always)]
pub fn decapsulate(
    packet: &(impl Octets + ?Sized),
    at: usize,
    ifindex: u32,
    site: &impl Site,
) -> Result<(Inbound, Admitted, Strip), Reason> {
    let outer = parse::outer(packet, at)?;
    site.locator(ifindex, outer.destination)
        .ok_or(Reason::NotOurs)?;
    parse::is_plain(&outer)?;
    let inbound = parse::inner(packet, at + crate::wire::ipv4::LENGTH, outer)?;
    let admitted = admit::inbound(&inbound, site)?;
    let strip = rewrite::strip(&inbound)?;
    Ok((inbound, admitted, strip))
}

/// Decides on the IPv6 packet at `at` that is to enter the tunnel. What to put in front of it,
/// [`rewrite::push`], depends on the way that the outer packet takes.
#[inline(always)]
pub fn encapsulate(
    packet: &(impl Octets + ?Sized),
    at: usize,
    site: &impl Site,
) -> Result<(Outbound, Tunnel), Reason> {
    let outbound = parse::outbound(packet, at)?;
    let tunnel = admit::outbound(&outbound, site)?;
    Ok((outbound, tunnel))
}
