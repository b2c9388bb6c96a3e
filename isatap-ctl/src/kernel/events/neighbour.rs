//! What a message about a neighbour says: where it is, and whether its resolution failed.

use std::net::Ipv4Addr;

use nix::libc;

use super::Change;

/// Octets of `struct ndmsg`.
const HEAD: usize = 12;
/// Octets of the length and kind in front of an attribute.
const ATTRIBUTE: usize = 4;
/// `NDA_DST`, the address.
const DESTINATION: u16 = 1;
/// `NUD_FAILED`
const FAILED: u16 = 0x20;

/// The interface in what follows the header of a message about a neighbour.
pub(super) fn index(content: &[u8]) -> Option<u32> {
    let (head, _) = content.split_first_chunk::<HEAD>()?;
    let [_, _, _, _, index @ .., _, _, _, _] = *head;
    Some(u32::from_ne_bytes(index))
}

/// Reads what follows the header of `RTM_NEWNEIGH`; `None` unless it is about IPv4 and a failure.
pub(super) fn failed(content: &[u8]) -> Option<Change> {
    let (head, mut attributes) = content.split_first_chunk::<HEAD>()?;
    let [family, _, _, _, _, _, _, _, s0, s1, ..] = *head;
    let state = u16::from_ne_bytes([s0, s1]);
    if libc::c_int::from(family) != libc::AF_INET || state & FAILED == 0 {
        return None;
    }
    let index = index(content)?;
    while let Some((&[l0, l1, k0, k1], _)) = attributes.split_first_chunk::<ATTRIBUTE>() {
        let length = usize::from(u16::from_ne_bytes([l0, l1])).max(ATTRIBUTE);
        if u16::from_ne_bytes([k0, k1]) == DESTINATION {
            let value = attributes.get(ATTRIBUTE..length)?;
            let ipv4: [u8; 4] = value.try_into().ok()?;
            let ipv4 = Ipv4Addr::from(ipv4);
            return Some(Change::Unresolved { index, ipv4 });
        }
        attributes = attributes.get(length.next_multiple_of(4)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_are_read_to_their_end() {
        let mut random = fastrand::Rng::with_seed(5);
        for _ in 0..10_000 {
            let mut content: Vec<u8> = (0..random.usize(..64)).map(|_| random.u8(..8)).collect();
            if let Some(family) = content.first_mut() {
                *family = 2;
            }
            if let Some(state) = content.get_mut(8) {
                *state = 0x20;
            }
            let _ = failed(&content);
        }
    }
}
