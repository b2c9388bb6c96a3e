//! What other implementations send to a router, with where it is known from.
//!
//! Captured: somebody published a packet of that implementation. Reconstructed: built from its source
//! code, from a specification, or from what is said about it; no packet was seen.

use super::frame::Frame;

/// Windows Vista and 2008. Captured: rebuilt from the fields of a capture in Microsoft's
/// "Understanding IPv6", whose three printed checksums it has.
pub const WINDOWS_VISTA: Frame = Frame(
    "4500 0044 0038 0000 8029 2657 0a00 0002 0a00 0001
     6000 0000 0008 3aff fe80 0000 0000 0000 0000 5efe 0a00 0002
                         fe80 0000 0000 0000 0000 5efe 0a00 0001
     8500 abbb 0000 0000",
);

/// Windows XP. Reconstructed: the inner destination is said to be All-Routers, as in the drafts of
/// its time; the outer header is Vista's.
pub const WINDOWS_XP: Frame = Frame(
    "4500 0044 0038 0000 8029 2657 0a00 0002 0a00 0001
     6000 0000 0008 3aff fe80 0000 0000 0000 0000 5efe 0a00 0002
                         ff02 0000 0000 0000 0000 0000 0000 0002
     8500 1437 0000 0000",
);

/// A host by RFC 5214 section 8.3.4 with a private IPv4 address and a static MTU, so that Don't
/// Fragment is clear. Reconstructed from the RFC.
pub const RFC_5214: Frame = Frame(
    "4500 0044 0001 0000 4029 f689 c000 0205 c000 0201
     6000 0000 0008 3aff fe80 0000 0000 0000 0000 5efe c000 0205
                         fe80 0000 0000 0000 0000 5efe c000 0201
     8500 3bb7 0000 0000",
);

/// The same with the u bit set, as for a globally unique IPv4 address. Reconstructed; Linux sets it
/// for 198.51.100.0/24 too.
pub const RFC_5214_UNIQUE: Frame = Frame(
    "4500 0044 0001 0000 4029 2623 c633 6405 c633 6401
     6000 0000 0008 3aff fe80 0000 0000 0000 0200 5efe c633 6405
                         fe80 0000 0000 0000 0200 5efe c633 6401
     8500 6750 0000 0000",
);

/// KAME's rtsold over an `ist` device. Reconstructed: unicast to the router with the u bit clear, no
/// option, since `ist` has no link-layer address, and Don't Fragment clear are in the source code, as is
/// the TTL: `net.inet.ip.gifttl`, by default 30, or 40 in a kernel without `gif`. That the source is the
/// link-local address, and the identification, are assumed.
pub const KAME_RTSOLD: Frame = Frame(
    "4500 0044 0001 0000 1e29 188a c000 0205 c000 0201
     6000 0000 0008 3aff fe80 0000 0000 0000 0000 5efe c000 0205
                         fe80 0000 0000 0000 0000 5efe c000 0201
     8500 3bb7 0000 0000",
);

/// isatapd over Linux's `sit`. Reconstructed from its source code: it sets Don't Fragment unless told
/// otherwise, and writes no option. The program itself solicits in the case `router-isatapd`.
pub const ISATAPD: Frame = Frame(
    "4500 0044 0001 4000 4029 b689 c000 0205 c000 0201
     6000 0000 0008 3aff fe80 0000 0000 0000 0000 5efe c000 0205
                         fe80 0000 0000 0000 0000 5efe c000 0201
     8500 3bb7 0000 0000",
);

/// A host of the drafts before RFC 4214 that tells its link-layer address, the 4 octets of IPv4, at
/// All-Routers. Reconstructed: Linux still builds this option, but never sends it.
pub const OLD_DRAFT: Frame = Frame(
    "4500 004c 0001 0000 4029 f681 c000 0205 c000 0201
     6000 0000 0010 3aff fe80 0000 0000 0000 0000 5efe c000 0205
                         ff02 0000 0000 0000 0000 0000 0000 0002
     8500 9924 0000 0000 0101 c000 0205 0000",
);

/// A host that has no address yet, as RFC 4861 section 4.1 allows on other links. Reconstructed.
pub const UNSPECIFIED: Frame = Frame(
    "4500 0044 0001 0000 4029 f689 c000 0205 c000 0201
     6000 0000 0008 3aff 0000 0000 0000 0000 0000 0000 0000 0000
                         ff02 0000 0000 0000 0000 0000 0000 0002
     8500 7bb8 0000 0000",
);

/// [`WINDOWS_VISTA`] after one IPv6 router too many: hop limit 254.
pub const WITH_HOP_LIMIT_254: Frame = Frame(
    "4500 0044 0038 0000 8029 2657 0a00 0002 0a00 0001
     6000 0000 0008 3afe fe80 0000 0000 0000 0000 5efe 0a00 0002
                         fe80 0000 0000 0000 0000 5efe 0a00 0001
     8500 abbb 0000 0000",
);

/// [`WINDOWS_VISTA`] with an ICMPv6 checksum that is one too small.
pub const WITH_BAD_CHECKSUM: Frame = Frame(
    "4500 0044 0038 0000 8029 2657 0a00 0002 0a00 0001
     6000 0000 0008 3aff fe80 0000 0000 0000 0000 5efe 0a00 0002
                         fe80 0000 0000 0000 0000 5efe 0a00 0001
     8500 abba 0000 0000",
);

/// [`WINDOWS_VISTA`] with ICMPv6 code 1.
pub const WITH_CODE_1: Frame = Frame(
    "4500 0044 0038 0000 8029 2657 0a00 0002 0a00 0001
     6000 0000 0008 3aff fe80 0000 0000 0000 0000 5efe 0a00 0002
                         fe80 0000 0000 0000 0000 5efe 0a00 0001
     8501 abba 0000 0000",
);

/// [`WINDOWS_VISTA`] that ends after the checksum.
pub const WITHOUT_RESERVED_FIELD: Frame = Frame(
    "4500 0040 0038 0000 8029 265b 0a00 0002 0a00 0001
     6000 0000 0004 3aff fe80 0000 0000 0000 0000 5efe 0a00 0002
                         fe80 0000 0000 0000 0000 5efe 0a00 0001
     8500 abbf",
);

/// [`WINDOWS_VISTA`] with an option of length 0.
pub const WITH_OPTION_OF_NO_LENGTH: Frame = Frame(
    "4500 004c 0038 0000 8029 264f 0a00 0002 0a00 0001
     6000 0000 0010 3aff fe80 0000 0000 0000 0000 5efe 0a00 0002
                         fe80 0000 0000 0000 0000 5efe 0a00 0001
     8500 e8ad 0000 0000 0100 c000 0205 0000",
);

/// A host that probes whether its router still answers (RFC 4861 section 7.3), without an option.
/// Reconstructed from the RFC.
pub const PROBE: Frame = Frame(
    "4500 0054 0006 0000 4029 f674 c000 0205 c000 0201
     6000 0000 0018 3aff fe80 0000 0000 0000 0000 5efe c000 0205
                         fe80 0000 0000 0000 0000 5efe c000 0201
     8700 1a26 0000 0000 fe80 0000 0000 0000 0000 5efe c000 0201",
);

/// The same for the router's address in the advertised prefix. Reconstructed.
pub const PROBE_OF_GLOBAL_ADDRESS: Frame = Frame(
    "4500 0054 0008 0000 4029 f672 c000 0205 c000 0201
     6000 0000 0018 3aff fe80 0000 0000 0000 0000 5efe c000 0205
                         2001 0db8 0000 0001 0000 5efe c000 0201
     8700 bbb3 0000 0000 2001 0db8 0000 0001 0000 5efe c000 0201",
);

/// A probe whose source link-layer address option says 203.0.113.9, which is not the host.
/// Reconstructed: nobody honest sends it.
pub const LYING_PROBE: Frame = Frame(
    "4500 005c 000a 0000 4029 f668 c000 0205 c000 0201
     6000 0000 0020 3aff fe80 0000 0000 0000 0000 5efe c000 0205
                         fe80 0000 0000 0000 0000 5efe c000 0201
     8700 dd12 0000 0000 fe80 0000 0000 0000 0000 5efe c000 0201 0101 cb00 7109 0000",
);

#[cfg(test)]
pub const ALL: [Frame; 16] = [
    WINDOWS_VISTA,
    WINDOWS_XP,
    RFC_5214,
    RFC_5214_UNIQUE,
    KAME_RTSOLD,
    ISATAPD,
    OLD_DRAFT,
    UNSPECIFIED,
    WITH_HOP_LIMIT_254,
    WITH_BAD_CHECKSUM,
    WITH_CODE_1,
    WITHOUT_RESERVED_FIELD,
    WITH_OPTION_OF_NO_LENGTH,
    PROBE,
    PROBE_OF_GLOBAL_ADDRESS,
    LYING_PROBE,
];
