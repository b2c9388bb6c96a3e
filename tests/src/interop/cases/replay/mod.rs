//! Our router, and hosts that nobody can start any more: what they are recorded or known to send is
//! played to it octet by octet.

mod advertisement;
mod conversation;
mod ends;
mod frame;
mod frames;
mod neighbor_discovery;
mod refused;
mod solicitation;

use crate::interop::case::Case;

pub const CASES: &[Case] = &[
    Case::new(
        "replay-windows-xp",
        "Windows XP (frame)",
        "our router: solicited at All-Routers inside a unicast tunnel packet",
        solicitation::windows_xp,
    ),
    Case::new(
        "replay-windows-vista",
        "Windows Vista and 2008 (frame)",
        "our router: solicited by unicast",
        solicitation::windows_vista,
    ),
    Case::new(
        "replay-kame-rtsold",
        "KAME rtsold (frame)",
        "our router: solicited by unicast with an outer TTL of 30",
        solicitation::kame_rtsold,
    ),
    Case::new(
        "replay-isatapd",
        "isatapd (frame)",
        "our router: solicited by unicast with Don't Fragment set",
        solicitation::isatapd,
    ),
    Case::new(
        "replay-rfc5214",
        "RFC 5214 host (frame)",
        "our router: answers from the form of its address that was asked, u clear and u set",
        solicitation::rfc5214,
    ),
    Case::new(
        "replay-old-draft",
        "host of the drafts (frame)",
        "our router: ignores a source link-layer address option",
        solicitation::old_draft,
    ),
    Case::new(
        "replay-unspecified",
        "unconfigured host (frame)",
        "our router: drops and counts a solicitation from the unspecified address",
        refused::unspecified,
    ),
    Case::new(
        "replay-invalid",
        "broken host (frame)",
        "our router: refuses solicitations that RFC 4861 section 6.1.1 does, and tells why",
        refused::invalid,
    ),
    Case::new(
        "replay-neighbor-discovery",
        "RFC 5214 host (frame)",
        "our router: answers Neighbor Solicitations, whatever their link-layer address option says",
        neighbor_discovery::neighbor_discovery,
    ),
];
