//! Protocol-41 packets from and to addresses that nobody may have.

use isatap_common::path::Reason;

use super::{
    Row,
    inward_table::{HOST_GLOBAL, OUR, OUR_GLOBAL, ROUTER, SERVER, drops, from_host, stack},
    packets::udp,
};

#[expect(clippy::too_many_lines, reason = "a table")]
pub fn rows() -> Vec<Row> {
    use Reason as R;
    vec![
        drops(
            "outer source is loopback",
            &udp("2001:db8:0:1:0:5efe:7f00:1", SERVER).within("127.0.0.1", OUR),
            R::OuterMartian,
        ),
        drops(
            "outer source is multicast",
            &udp("2001:db8:0:1:0:5efe:e000:1", SERVER).within("224.0.0.1", OUR),
            R::OuterMartian,
        ),
        drops(
            "outer source is 0/8",
            &udp("2001:db8:0:1:0:5efe:0:1", SERVER).within("0.0.0.1", OUR),
            R::OuterMartian,
        ),
        drops(
            "outer source is 240/4",
            &udp("2001:db8:0:1:0:5efe:f000:1", SERVER).within("240.0.0.1", OUR),
            R::OuterMartian,
        ),
        drops(
            "outer source is a subnet broadcast",
            &udp("2001:db8:0:1:0:5efe:a09:ff", SERVER).within("10.9.0.255", OUR),
            R::OuterMartian,
        ),
        drops(
            "outer source is ours",
            &udp(OUR_GLOBAL, SERVER).within(OUR, OUR),
            R::OuterOwn,
        ),
        drops(
            "outer source is not of the site",
            &udp("2001:db8:0:1:0:5efe:c0a8:1", SERVER).within("192.168.0.1", OUR),
            R::OuterUnknown,
        ),
        drops(
            "inner source is unspecified",
            &from_host(udp("::", SERVER)),
            R::InnerMartian,
        ),
        drops(
            "inner source is loopback",
            &from_host(udp("::1", SERVER)),
            R::InnerMartian,
        ),
        drops(
            "inner source is IPv4-compatible",
            &from_host(udp("::10.1.0.7", SERVER)),
            R::InnerMartian,
        ),
        drops(
            "inner source is IPv4-mapped",
            &from_host(udp("::ffff:10.1.0.7", SERVER)),
            R::InnerMartian,
        ),
        drops(
            "inner source is multicast",
            &from_host(udp("ff02::7", SERVER)),
            R::InnerMartian,
        ),
        drops(
            "IPv4-mapped from a router",
            &udp("::ffff:10.1.0.7", SERVER).within(ROUTER, OUR),
            R::InnerMartian,
        ),
        drops(
            "our address from a router",
            &udp(OUR_GLOBAL, SERVER).within(ROUTER, OUR),
            R::InnerOwn,
        ),
        drops(
            "native from a router",
            &udp("2001:db8:55::1", SERVER).within(ROUTER, OUR),
            R::RouterLoop,
        ),
        drops(
            "unspecified from a router",
            &udp("::", SERVER).within(ROUTER, OUR),
            R::InnerMartian,
        ),
        drops(
            "loopback in an address of the link, from a router",
            &udp("2001:db8:0:1:0:5efe:7f00:1", SERVER).within(ROUTER, OUR),
            R::InnerMartian,
        ),
        drops(
            "a broadcast in an address of the link, from a router",
            &udp("2001:db8:0:1:0:5efe:a09:ff", SERVER).within(ROUTER, OUR),
            R::InnerMartian,
        ),
        drops(
            "to loopback in an address of the link",
            &from_host(udp(HOST_GLOBAL, "2001:db8:0:1:0:5efe:7f00:1")),
            R::NextHopMartian,
        ),
        drops(
            "to multicast in an address of the link",
            &from_host(udp(HOST_GLOBAL, "2001:db8:0:1:200:5efe:e000:1")),
            R::NextHopMartian,
        ),
        drops(
            "to 240/4 in an address of the link",
            &from_host(udp(HOST_GLOBAL, "2001:db8:0:1:0:5efe:f000:1")),
            R::NextHopMartian,
        ),
        drops(
            "to a broadcast in an address of the link",
            &from_host(udp(HOST_GLOBAL, "2001:db8:0:1:0:5efe:a09:ff")),
            R::NextHopMartian,
        ),
        drops(
            "to an address of the link that is not of the site",
            &from_host(udp(HOST_GLOBAL, "2001:db8:0:1:0:5efe:c0a8:1")),
            R::NextHopUnknown,
        ),
        stack(
            "to the twin of our own address",
            &from_host(udp(HOST_GLOBAL, "2001:db8:0:1:200:5efe:a09:2")),
            R::NoNeighbor,
        ),
    ]
}
