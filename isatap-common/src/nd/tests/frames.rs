//! Complete frames from the outer IPv4 header on, rebuilt from captures and by an independent tool.

use core::net::Ipv6Addr;

use crate::nd::Received;

/// Bytes and addresses of one frame.
pub(super) struct Frame {
    pub(super) source: Ipv6Addr,
    pub(super) destination: Ipv6Addr,
    pub(super) message: Vec<u8>,
}

impl Frame {
    pub(super) fn new(hex: &str) -> Self {
        let digits: Vec<char> = hex.chars().filter(char::is_ascii_hexdigit).collect();
        let byte = |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16).unwrap();
        let bytes: Vec<u8> = digits.chunks(2).map(byte).collect();
        let address = |at| Ipv6Addr::from(<[u8; 16]>::try_from(&bytes[at..at + 16]).unwrap());
        Self {
            source: address(28),
            destination: address(44),
            message: bytes[60..].to_vec(),
        }
    }

    pub(super) fn received(&self) -> Received<'_> {
        Received {
            source: self.source,
            destination: self.destination,
            hop_limit: Some(255),
            bytes: &self.message,
        }
    }
}

/// Windows Vista/2008 RS, unicast (rebuilt from the published capture).
pub(super) const A1: &str = "\
    4500 0044 0038 0000 8029 2657 0a00 0002 0a00 0001 6000 0000 0008 3aff fe80 0000 \
    0000 0000 0000 5efe 0a00 0002 fe80 0000 0000 0000 0000 5efe 0a00 0001 8500 abbb \
    0000 0000";

/// Windows XP / pre-RFC RS: inner dst `ff02::2`, outer dst = router unicast.
pub(super) const A2: &str = "\
    4500 0044 0038 0000 8029 2657 0a00 0002 0a00 0001 6000 0000 0008 3aff fe80 0000 \
    0000 0000 0000 5efe 0a00 0002 ff02 0000 0000 0000 0000 0000 0000 0002 8500 1437 \
    0000 0000";

/// RFC 5214 host RS, unicast, static 1280 MTU (DF=0), u=0.
pub(super) const A3: &str = "\
    4500 0044 0001 0000 4029 f689 c000 0205 c000 0201 6000 0000 0008 3aff fe80 0000 \
    0000 0000 0000 5efe c000 0205 fe80 0000 0000 0000 0000 5efe c000 0201 8500 3bb7 \
    0000 0000";

/// RFC 5214 host RS, u=1 interface identifiers (globally unique IPv4).
pub(super) const A5: &str = "\
    4500 0044 0001 0000 4029 2623 c633 6405 c633 6401 6000 0000 0008 3aff fe80 0000 \
    0000 0000 0200 5efe c633 6405 fe80 0000 0000 0000 0200 5efe c633 6401 8500 6750 \
    0000 0000";

/// Legacy RS carrying a 4-octet Source Link-Layer Address option (accept, ignore option).
pub(super) const A6: &str = "\
    4500 004c 0001 0000 4029 f681 c000 0205 c000 0201 6000 0000 0010 3aff fe80 0000 \
    0000 0000 0000 5efe c000 0205 ff02 0000 0000 0000 0000 0000 0000 0002 8500 9924 \
    0000 0000 0101 c000 0205 0000";

/// RS from the unspecified address inside proto 41 (drop: outer source cannot be verified).
pub(super) const A7: &str = "\
    4500 0044 0001 0000 4029 f689 c000 0205 c000 0201 6000 0000 0008 3aff 0000 0000 \
    0000 0000 0000 0000 0000 0000 ff02 0000 0000 0000 0000 0000 0000 0002 8500 7bb8 \
    0000 0000";

/// Solicited RA to H: MTU 1280 + PIO L=1 A=1, lifetime 1800, Prf medium.
pub(super) const B1: &str = "\
    4500 0074 0002 0000 4029 f658 c000 0201 c000 0205 6000 0000 0038 3aff fe80 0000 \
    0000 0000 0000 5efe c000 0201 fe80 0000 0000 0000 0000 5efe c000 0205 8600 b04e \
    4000 0708 0000 0000 0000 0000 0501 0000 0000 0500 0304 40c0 0027 8d00 0009 3a80 \
    0000 0000 2001 0db8 0000 0001 0000 0000 0000 0000";

/// Solicited RA, Prf=High, MTU + PIO + RIO /48 High + RDNSS + DNSSL.
pub(super) const B2: &str = "\
    4500 00b4 0003 0000 4029 f617 c000 0201 c000 0205 6000 0000 0078 3aff fe80 0000 \
    0000 0000 0000 5efe c000 0201 fe80 0000 0000 0000 0000 5efe c000 0205 8600 f1ab \
    4008 0708 0000 0000 0000 0000 0501 0000 0000 0500 0304 40c0 0027 8d00 0009 3a80 \
    0000 0000 2001 0db8 0000 0001 0000 0000 0000 0000 1802 3008 0000 0708 2001 0db8 \
    00ff 0000 1903 0000 0000 0708 2001 0db8 0000 0001 0000 0000 0000 0053 1f03 0000 \
    0000 0708 0765 7861 6d70 6c65 0363 6f6d 0000 0000";

/// Final unicast RA, Router Lifetime 0 (Prf must be 00), PIO preferred lifetime 0.
pub(super) const B3: &str = "\
    4500 0074 0004 0000 4029 f656 c000 0201 c000 0205 6000 0000 0038 3aff fe80 0000 \
    0000 0000 0000 5efe c000 0201 fe80 0000 0000 0000 0000 5efe c000 0205 8600 62e7 \
    4000 0000 0000 0000 0000 0000 0501 0000 0000 0500 0304 40c0 0000 1c20 0000 0000 \
    0000 0000 2001 0db8 0000 0001 0000 0000 0000 0000";

/// RA avoiding on-link prefix (RFC 6324 3.2.4 style): M=1, no PIO.
pub(super) const B4: &str = "\
    4500 0054 0005 0000 4029 f675 c000 0201 c000 0205 6000 0000 0018 3aff fe80 0000 \
    0000 0000 0000 5efe c000 0201 fe80 0000 0000 0000 0000 5efe c000 0205 8600 e91d \
    4080 0708 0000 0000 0000 0000 0501 0000 0000 0500";

/// NUD NS host->router, unicast, no option.
pub(super) const C1: &str = "\
    4500 0054 0006 0000 4029 f674 c000 0205 c000 0201 6000 0000 0018 3aff fe80 0000 \
    0000 0000 0000 5efe c000 0205 fe80 0000 0000 0000 0000 5efe c000 0201 8700 1a26 \
    0000 0000 fe80 0000 0000 0000 0000 5efe c000 0201";

/// Solicited NA router->host, R=1 S=1 O=0, no option.
pub(super) const C2: &str = "\
    4500 0054 0007 0000 4029 f673 c000 0201 c000 0205 6000 0000 0018 3aff fe80 0000 \
    0000 0000 0000 5efe c000 0201 fe80 0000 0000 0000 0000 5efe c000 0205 8800 5925 \
    c000 0000 fe80 0000 0000 0000 0000 5efe c000 0201";

/// NUD NS router->host global address, no option.
pub(super) const C3: &str = "\
    4500 0054 0008 0000 4029 f672 c000 0201 c000 0205 6000 0000 0018 3aff fe80 0000 \
    0000 0000 0000 5efe c000 0201 2001 0db8 0000 0001 0000 5efe c000 0205 8700 bbaf \
    0000 0000 2001 0db8 0000 0001 0000 5efe c000 0205";

/// Solicited NA host->router, R=0 S=1 O=0, source = target, no option.
pub(super) const C4: &str = "\
    4500 0054 0009 0000 4029 f671 c000 0205 c000 0201 6000 0000 0018 3aff 2001 0db8 \
    0000 0001 0000 5efe c000 0205 fe80 0000 0000 0000 0000 5efe c000 0201 8800 7aaf \
    4000 0000 2001 0db8 0000 0001 0000 5efe c000 0205";

/// NS with a 4-octet SLLA option that lies (203.0.113.9): answer to the mapped IPv4, ignore option.
pub(super) const C5: &str = "\
    4500 005c 000a 0000 4029 f668 c000 0205 c000 0201 6000 0000 0020 3aff fe80 0000 \
    0000 0000 0000 5efe c000 0205 fe80 0000 0000 0000 0000 5efe c000 0201 8700 dd12 \
    0000 0000 fe80 0000 0000 0000 0000 5efe c000 0201 0101 cb00 7109 0000";
