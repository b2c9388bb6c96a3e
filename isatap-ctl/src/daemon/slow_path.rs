//! Protocol 41 that the kernel had to reassemble, or that carries IPv4 options: the same checks as
//! in the programs, then into the device.

use isatap_common::path::{Reason, Site, admit, options, parse, rewrite};

/// Octets of an IPv4 header without options.
const PLAIN_HEADER: usize = isatap_common::wire::ipv4::LENGTH;

/// The IPv6 packet in the IPv4 datagram `bytes` that arrived on interface `index`, or why it is
/// refused. The kernel has verified the header checksum.
pub fn decapsulate(bytes: &[u8], index: u32, site: &impl Site) -> Result<Vec<u8>, Reason> {
    let outer = parse::outer(bytes, 0)?;
    site.locator(index, outer.destination)
        .ok_or(Reason::NotOurs)?;
    let inner_at = usize::from(outer.words) * 4;
    options::check(bytes.get(PLAIN_HEADER..inner_at).ok_or(Reason::Malformed)?)?;
    let packet = parse::inner(bytes, inner_at, outer)?;
    admit::inbound(&packet, site)?;
    let strip = rewrite::strip(&packet)?;
    let end = inner_at + packet.inner.total_length() as usize;
    let mut inner = bytes.get(inner_at..end).ok_or(Reason::Malformed)?.to_vec();
    if let Some(first) = inner.first_chunk_mut() {
        *first = strip.first_word;
    }
    Ok(inner)
}
