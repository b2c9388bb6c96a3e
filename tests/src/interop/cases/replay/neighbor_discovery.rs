//! Neighbor Solicitations for our addresses.

use anyhow::Result;

use super::conversation::{Conversation, Line};
use super::ends::{Ends, LOCAL};
use super::frames;
use crate::interop::scene::Scene;

const ROUTER: &str = "fe80::5efe:192.0.2.1";
const ROUTER_GLOBAL: &str = "2001:db8:0:1:0:5efe:192.0.2.1";

pub fn neighbor_discovery(scene: &mut Scene) -> Result<()> {
    let lines = [
        Line::Host(frames::PROBE),
        Line::Router(advertisement_of(ROUTER)),
        Line::Host(frames::PROBE_OF_GLOBAL_ADDRESS),
        Line::Router(advertisement_of(ROUTER_GLOBAL)),
        Line::Host(frames::LYING_PROBE),
        Line::Router(advertisement_of(ROUTER)),
    ];
    let conversation = Conversation::prepare(scene, &lines)?;
    conversation.play()
}

/// Solicited, from a router, without an option, and so without Override (RFC 4861 section 7.2.4).
fn advertisement_of(target: &str) -> String {
    let [_, host] = LOCAL.ipv6;
    let ends = Ends {
        ipv6: [target, host],
        ..LOCAL
    };
    let headers = ends.headers();
    format!("{headers}/ICMPv6ND_NA(R=1,S=1,O=0,tgt='{target}')")
}
