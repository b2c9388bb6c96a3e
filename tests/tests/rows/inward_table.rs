//! The table of protocol-41 packets.

use etherparse::IpNumber;
use isatap_common::path::Reason;

use super::{
    Row, inward_martians,
    packets::{Inner, Outer, icmp, udp},
};

pub const HOST: &str = "10.1.0.7";
pub const HOST_GLOBAL: &str = "2001:db8:0:1:0:5efe:a01:7";
const HOST_GLOBAL_U: &str = "2001:db8:0:1:200:5efe:a01:7";
pub const HOST_LINK: &str = "fe80::5efe:a01:7";
/// Behind that host.
pub const BEHIND: &str = "2001:db8:77::1";
const PEER: &str = "10.2.0.8";
const PEER_GLOBAL: &str = "2001:db8:0:1:0:5efe:a02:8";
pub const ROUTER: &str = "10.9.0.3";
const ROUTER_LINK: &str = "fe80::5efe:a09:3";
pub const OUR: &str = "10.9.0.2";
pub const OUR_LINK: &str = "fe80::5efe:a09:2";
pub const OUR_GLOBAL: &str = "2001:db8:0:1:0:5efe:a09:2";
pub const SERVER: &str = "2001:db8:f::1";

pub fn from_host(inner: Inner) -> Outer {
    inner.within(HOST, OUR)
}

fn row(name: &'static str, packet: &Outer, xdp: Reason, tc: Reason) -> Row {
    Row {
        name,
        frame: packet.sent_by_gateway(),
        xdp,
        tc,
    }
}

/// A row that both layers drop for the same reason.
pub fn drops(name: &'static str, packet: &Outer, reason: Reason) -> Row {
    row(name, packet, reason, reason)
}

/// A row that XDP leaves to traffic control, which hands it to the stack.
pub fn stack(name: &'static str, packet: &Outer, xdp: Reason) -> Row {
    row(name, packet, xdp, Reason::Delivered)
}

pub fn router_rows() -> Vec<Row> {
    let mut rows = ordinary_rows();
    rows.extend(inward_martians::rows());
    rows
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn ordinary_rows() -> Vec<Row> {
    use Reason as R;
    let transit = || from_host(udp(HOST_GLOBAL, SERVER));
    let link = |source: &str, outer: &str| udp(source, OUR_LINK).within(outer, OUR);
    vec![
        row("host to server", &transit(), R::Resolved, R::Delivered),
        row(
            "host with the u bit to server",
            &from_host(udp(HOST_GLOBAL_U, SERVER)),
            R::Resolved,
            R::Delivered,
        ),
        row(
            "padding behind the inner packet",
            &transit().change(|p| p.padding = vec![9; 10]),
            R::Resolved,
            R::Delivered,
        ),
        row(
            "padding behind the outer packet",
            &transit().change(|p| p.trailer = vec![9; 6]),
            R::Resolved,
            R::Delivered,
        ),
        stack(
            "link-local source, native destination",
            &from_host(udp(HOST_LINK, SERVER)),
            R::LinkScope,
        ),
        stack(
            "link-local to our link-local",
            &link(HOST_LINK, HOST),
            R::LinkScope,
        ),
        stack(
            "router solicitation to our address",
            &from_host(icmp(HOST_LINK, OUR_LINK, 133, &[])),
            R::LinkScope,
        ),
        stack(
            "router solicitation to all routers",
            &from_host(icmp(HOST_LINK, "ff02::2", 133, &[])),
            R::LinkScope,
        ),
        stack(
            "for our own global address",
            &from_host(udp(HOST_GLOBAL, OUR_GLOBAL)),
            R::Local,
        ),
        stack(
            "hop limit used up",
            &from_host(udp(HOST_GLOBAL, SERVER).hop_limit(1)),
            R::HopLimit,
        ),
        stack(
            "host to host",
            &from_host(udp(HOST_GLOBAL, PEER_GLOBAL)),
            R::Hairpin,
        ),
        stack(
            "no neighbour yet",
            &from_host(udp(HOST_GLOBAL, "2001:db8:f::77")),
            R::NoNeighbor,
        ),
        stack(
            "no route",
            &from_host(udp(HOST_GLOBAL, "2001:db8:99::1")),
            R::Local,
        ),
        row(
            "fragment",
            &transit().fragment(0, true),
            R::Fragment,
            R::Fragment,
        ),
        row(
            "last fragment",
            &transit().fragment(64, false),
            R::Fragment,
            R::Fragment,
        ),
        row(
            "options",
            &transit().options(&[1, 1, 1, 1]),
            R::Options,
            R::Options,
        ),
        drops(
            "wrong checksum",
            &transit().change(|p| p.checksum_error = 1),
            R::Checksum,
        ),
        drops(
            "inner longer than outer",
            &transit().change(|p| p.header.total_len -= 8),
            R::Malformed,
        ),
        drops(
            "outer longer than the frame",
            &transit().change(|p| p.header.total_len += 8),
            R::Malformed,
        ),
        drops(
            "no payload",
            &from_host(udp(HOST_GLOBAL, SERVER).payload(Vec::new())),
            R::Jumbo,
        ),
        drops(
            "source embeds another address",
            &udp(HOST_GLOBAL, SERVER).within("10.1.0.9", OUR),
            R::SourceMismatch,
        ),
        drops(
            "prefix is not on-link",
            &from_host(udp("2001:db8:0:2:0:5efe:a01:7", SERVER)),
            R::SourceMismatch,
        ),
        drops(
            "prefix is on-link no more",
            &from_host(udp("2001:db8:0:dead:0:5efe:a01:7", SERVER)),
            R::SourceMismatch,
        ),
        drops(
            "native source from a host",
            &from_host(udp("2001:db8:55::1", SERVER)),
            R::SourceMismatch,
        ),
        row(
            "from behind a host",
            &from_host(udp(BEHIND, SERVER)),
            R::Resolved,
            R::Delivered,
        ),
        row(
            "from behind a host, embedding it off-link",
            &from_host(udp("2001:db8:77:0:0:5efe:a01:7", SERVER)),
            R::Resolved,
            R::Delivered,
        ),
        drops(
            "from behind a host, but not by it",
            &udp(BEHIND, SERVER).within(PEER, OUR),
            R::SourceMismatch,
        ),
        drops(
            "from behind a host whose prefix is longer",
            &from_host(udp("2001:db8:77:8::1", SERVER)),
            R::SourceMismatch,
        ),
        drops(
            "from an on-link prefix that is said to be behind a host",
            &from_host(udp(PEER_GLOBAL, SERVER)),
            R::SourceMismatch,
        ),
        drops(
            "advertisement from behind a host",
            &from_host(icmp(BEHIND, OUR_GLOBAL, 134, &[0; 8])),
            R::NdSource,
        ),
        stack(
            "host to a prefix behind another",
            &udp(PEER_GLOBAL, BEHIND).within(PEER, OUR),
            R::NoNeighbor,
        ),
        drops(
            "group bit is set",
            &from_host(udp("2001:db8:0:1:100:5efe:a01:7", SERVER)),
            R::SourceMismatch,
        ),
        drops(
            "router's link-local embeds another",
            &link(HOST_LINK, ROUTER),
            R::SourceMismatch,
        ),
        drops(
            "inner version is 4",
            &from_host(udp(HOST_GLOBAL, SERVER)).change(|p| p.version = 4),
            R::Malformed,
        ),
        drops(
            "all DHCP relay agents and servers",
            &from_host(udp(HOST_LINK, "ff02::1:2")),
            R::Multicast,
        ),
        drops(
            "multicast",
            &from_host(udp(HOST_LINK, "ff02::fb")),
            R::Multicast,
        ),
        drops(
            "all nodes",
            &from_host(udp(HOST_LINK, "ff02::1")),
            R::Multicast,
        ),
        drops(
            "solicitation with hop limit 64",
            &from_host(icmp(HOST_LINK, OUR_LINK, 133, &[]).hop_limit(64)),
            R::NdHopLimit,
        ),
        drops(
            "solicitation with hop limit 254",
            &from_host(icmp(HOST_LINK, OUR_LINK, 133, &[]).hop_limit(254)),
            R::NdHopLimit,
        ),
        drops(
            "advertisement from a host",
            &from_host(icmp(HOST_LINK, OUR_LINK, 134, &[0; 8])),
            R::NdSource,
        ),
        drops(
            "redirect from a host",
            &from_host(icmp(HOST_LINK, OUR_LINK, 137, &[0; 32])),
            R::NdSource,
        ),
        stack(
            "advertisement from a router",
            &icmp(ROUTER_LINK, OUR_LINK, 134, &[0; 8]).within(ROUTER, OUR),
            R::LinkScope,
        ),
        drops(
            "off-link destination embeds us",
            &from_host(udp(HOST_GLOBAL, "2001:db8:66:0:0:5efe:a09:2")),
            R::EmbedsOwn,
        ),
        drops(
            "6to4 destination embeds us",
            &from_host(udp(HOST_GLOBAL, "2002:a09:2::1")),
            R::EmbedsOwn,
        ),
        drops(
            "congestion on a transport that cannot say",
            &transit().traffic_class(3),
            R::Ecn,
        ),
        stack_or_forward(
            "nested",
            &from_host(udp(HOST_GLOBAL, SERVER).next_header(IpNumber::IPV6)),
        ),
    ]
}

fn stack_or_forward(name: &'static str, packet: &Outer) -> Row {
    row(name, packet, Reason::Resolved, Reason::Delivered)
}
