//! What a router may not have.

use super::*;

#[test]
fn lifetimes_of_a_default_router_are_those_that_the_standards_allow() {
    for (lifetime, seconds) in [("0", 0), ("4s", 4), ("9001s", 9001), ("65535s", 65_535)] {
        let text = format!("{INTERFACE}[router]\nlifetime = \"{lifetime}\"\n");
        let RoleSettings::Router(router) = read(&text).unwrap().role else {
            panic!("a router");
        };
        assert_eq!(router.lifetime.as_secs(), seconds);
    }
}

/// The map has room for 1024, one of which is fe80::/64.
#[test]
fn the_first_prefix_without_room_is_named() {
    let prefixes = |count: u32| {
        let one = |n| format!("[[router.prefix]]\nprefix = \"2001:db8:0:{n:x}::/64\"\n");
        (0..count).map(one).collect::<String>()
    };
    assert!(read(&format!("{INTERFACE}{}", prefixes(1023))).is_ok());
    let line = 3 + 2 * 1024;
    let error = format!("{line}:10: router.prefix.prefix: at most 1023 are possible");
    assert_eq!(router_errors(&prefixes(1030)), [error]);
}

/// One prefix is behind one host, and what is of the link is behind none.
#[test]
fn mappings_that_contradict_something_are_refused() {
    let mapping =
        |prefix, via| format!("[[router.mapping]]\nprefix = \"{prefix}\"\nvia = \"{via}\"\n");
    let first = mapping("2001:db8:0:100::/56", "10.0.0.7");
    let twice = format!("{first}{}", mapping("2001:db8:0:100::/56", "10.0.0.8"));
    let inside = format!("{first}{}", mapping("2001:db8:0:1ff::/64", "10.0.0.8"));
    let own = format!("[[router.prefix]]\nprefix = \"2001:db8:0:101::/64\"\n{first}");
    let unknown = format!("[datapath]\nknown-ipv4 = [\"10.1.0.0/16\"]\n{first}");
    let local = format!("local = \"10.0.0.7\"\n{first}");
    for (text, error) in [
        (
            &twice,
            "8:10: router.mapping.prefix: \"2001:db8:0:100::/56\" overlaps \
             \"2001:db8:0:100::/56\" of router.mapping",
        ),
        (
            &inside,
            "8:10: router.mapping.prefix: \"2001:db8:0:1ff::/64\" overlaps \
             \"2001:db8:0:100::/56\" of router.mapping",
        ),
        (
            &own,
            "7:10: router.mapping.prefix: \"2001:db8:0:100::/56\" overlaps \
             \"2001:db8:0:101::/64\" of router.prefix",
        ),
        (
            &unknown,
            "8:7: router.mapping.via: \"10.0.0.7\" is not in datapath.known-ipv4",
        ),
        (
            &local,
            "7:7: router.mapping.via: \"10.0.0.7\" is interface.local, our own address",
        ),
        (
            &mapping("::/0", "10.0.0.7"),
            "5:10: router.mapping.prefix: \"::/0\" holds no addresses that nodes can have",
        ),
        (
            &mapping("fe80::/64", "10.0.0.7"),
            "5:10: router.mapping.prefix: \"fe80::/64\" is link-local, which is never advertised",
        ),
        (
            &mapping("2001:db8:0:100::1/56", "10.0.0.7"),
            "5:10: router.mapping.prefix: \"2001:db8:0:100::1/56\" has bits set behind its \
             length; the prefix is \"2001:db8:0:100::/56\"",
        ),
        (
            &mapping("2001:db8:0:100::/56", "224.0.0.7"),
            "6:7: router.mapping.via: expected a unicast IPv4 address such as \"10.0.0.1\", \
             found \"224.0.0.7\"",
        ),
    ] {
        assert_eq!(router_errors(text), [error]);
    }
}

#[test]
fn six_rd_prefixes_that_hold_no_address_are_refused() {
    let six_rd = |prefix, ipv4| {
        format!("[[datapath.six-rd]]\nprefix = \"{prefix}\"\nipv4-prefix = \"{ipv4}\"\n")
    };
    let good = six_rd("2001:db8::/32", "10.0.0.0/8");
    let settings = read(&format!("{INTERFACE}{good}")).unwrap();
    assert_eq!(settings.datapath.six_rd[0].delegated_length(), 56);
    for (text, error) in [
        (
            &six_rd("2001:db8::/48", "10.0.0.0/8"),
            "5:10: datapath.six-rd.prefix: \"2001:db8::/48\" and the bits of an IPv4 address behind \
             \"10.0.0.0/8\" are 72 bits, expected 64 at most (RFC 5969 section 4)",
        ),
        (
            &format!("{good}{good}"),
            "8:10: datapath.six-rd.prefix: \"2001:db8::/32\" is there twice",
        ),
        (
            &six_rd("2001:db8::/32", "10.0.0.1/8"),
            "6:15: datapath.six-rd.ipv4-prefix: \"10.0.0.1/8\" has bits set behind its length; the \
             prefix is \"10.0.0.0/8\"",
        ),
    ] {
        assert_eq!(router_errors(text), [error]);
    }
}

#[test]
fn no_more_peers_are_watched_than_a_site_may_have() {
    let peers = |count: u32| {
        let peers: Vec<_> = (0..count).map(|n| format!("10.0.1.{n}")).collect();
        format!("[router]\npeers = {peers:?}\n")
    };
    let settings = read(&format!("{INTERFACE}{}", peers(64))).unwrap();
    let RoleSettings::Router(router) = settings.role else {
        panic!("a router");
    };
    assert_eq!(router.peers.len(), 64);
    let error = "5:9: router.peers: at most 64 are possible";
    assert_eq!(router_errors(&peers(65)), [error]);
}
