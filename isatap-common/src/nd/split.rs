use core::net::Ipv6Addr;

use super::checksum;

const IPV6_HEADER: usize = 40;
const LEAST_MTU: u16 = 1280;

/// `options` spread over as few messages as order allows, each with `header` before.
pub(super) fn messages(
    source: Ipv6Addr,
    destination: Ipv6Addr,
    link_mtu: u16,
    header: &[u8],
    options: &[Vec<u8>],
) -> Vec<Vec<u8>> {
    let room = usize::from(link_mtu.max(LEAST_MTU)) - IPV6_HEADER;
    let mut done = Vec::new();
    let mut message = header.to_vec();
    for option in options {
        if message.len() + option.len() > room {
            done.push(core::mem::replace(&mut message, header.to_vec()));
        }
        message.extend_from_slice(option);
    }
    done.push(message);
    for message in &mut done {
        checksum::fill(source, destination, message);
    }
    done
}
