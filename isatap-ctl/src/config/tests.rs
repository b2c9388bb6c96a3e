use std::path::Path;
use std::time::Duration;

use super::*;

mod accepted;
mod robust;
mod router;

const EXAMPLE: &str = include_str!("tests/example.toml");
const HOST: &str = include_str!("tests/host.toml");

fn read(text: &str) -> Result<Settings, Diagnostics> {
    parse(Path::new("t.toml"), text)
}

/// The errors of `text` without the name of the file.
fn errors(text: &str) -> Vec<String> {
    let errors = read(text).expect_err(text).to_string();
    errors
        .lines()
        .map(|line| line.replacen("t.toml:", "", 1))
        .collect()
}

const INTERFACE: &str = "[interface]\nrole = \"router\"\nuplinks = [\"eth0\"]\n";

/// The errors of `text` behind a good `[interface]` of a router, which ends in line 3.
fn router_errors(text: &str) -> Vec<String> {
    errors(&format!("{INTERFACE}{text}"))
}

/// The errors of `text` behind a good `[interface]` of a host, which ends in line 3.
fn host_errors(text: &str) -> Vec<String> {
    errors(&format!("{INTERFACE}{text}").replace("\"router\"", "\"host\""))
}

#[test]
fn the_documented_router_reads_as_meant() {
    let settings = read(EXAMPLE).unwrap();
    insta::assert_debug_snapshot!(settings);
}

#[test]
fn the_documented_host_reads_as_meant() {
    let settings = read(HOST).unwrap();
    insta::assert_debug_snapshot!(settings);
}

#[test]
fn the_shortest_files_have_the_documented_defaults() {
    let router = read(INTERFACE).unwrap();
    insta::assert_debug_snapshot!(router);
    let host = read(&INTERFACE.replace("\"router\"", "\"host\"")).unwrap();
    insta::assert_debug_snapshot!(host.role);
}

#[test]
fn every_error_of_a_file_is_reported_at_once() {
    let text = "\
[interface]
name = \"isa/tap0\"
role = \"bridge\"
uplinks = [\"eth0\", 5, \"eth0\"]
ttl = 0
colour = true
[router]
lifetime = \"20h\"
[[router.prefix]]
prefix = \"2001:db8::1/64\"
preferred = \"1x\"
[hosts]
";
    assert_eq!(
        errors(text),
        [
            "2:8: interface.name: expected the name of an interface: 1 to 15 characters, no '/', \
             ':' or white space, found \"isa/tap0\"",
            "3:8: interface.role: expected \"router\" or \"host\", found \"bridge\"",
            "4:20: interface.uplinks: expected the name of an interface: 1 to 15 characters, no \
             '/', ':' or white space, found 5",
            "4:23: interface.uplinks: \"eth0\" is there twice",
            "5:7: interface.ttl: expected a number from 1 to 255, found 0",
            "6:1: unknown key interface.colour; [interface] has the keys role, name, uplinks, \
             local, mtu, ttl, dscp, path-mtu",
            "8:12: router.lifetime: expected a duration such as \"30m\", 0 or whole seconds from \
             4s to 65535s, found \"20h\"",
            "10:10: router.prefix.prefix: \"2001:db8::1/64\" has bits set behind its length; the \
             prefix is \"2001:db8::/64\"",
            "11:13: router.prefix.preferred: expected a duration such as \"30d\" in whole \
             seconds, or \"infinite\", found \"1x\"",
            "12:2: unknown key hosts; is it host?",
        ]
    );
}

#[test]
fn missing_keys_and_tables_are_named() {
    let both = [
        "1:1: missing key interface.role",
        "1:1: missing key interface.uplinks",
    ];
    assert_eq!(errors(""), both);
    assert_eq!(errors("[interface]\n"), both);
    assert_eq!(
        errors("\n[interface]\nrole = \"host\"\nuplinks = []\n"),
        ["4:11: interface.uplinks: expected at least one item, found []"]
    );
    assert_eq!(
        router_errors("[[router.prefix]]\n"),
        ["4:1: missing key router.prefix.prefix"]
    );
    assert_eq!(
        router_errors("[[router.route]]\n"),
        ["4:1: missing key router.route.prefix"]
    );
}

#[test]
fn the_table_of_the_other_role_is_refused() {
    assert_eq!(
        router_errors("[host]\nprl = [\"10.0.0.1\"]\n"),
        [
            "4:2: [host] has no place where interface.role = \"router\"; remove it or set the role \
          to \"host\""
        ]
    );
    assert_eq!(
        host_errors("[router]\n"),
        [
            "4:2: [router] has no place where interface.role = \"host\"; remove it or set the role \
          to \"router\""
        ]
    );
}

#[test]
fn syntax_errors_do_not_hide_the_others_and_are_not_blamed_twice() {
    assert_eq!(
        router_errors("[router]\nlifetime =\nhop-limit = 256\nhop-limit = 3\n"),
        [
            "5:11: string values must be quoted, expected literal string",
            "6:13: router.hop-limit: expected a number from 0 to 255, found 256",
            "7:1: duplicate key",
        ]
    );
    assert_eq!(
        errors("[interface\nrole = \"host\"\n"),
        ["1:11: unclosed table, expected `]`"]
    );
}

#[test]
fn types_are_checked_everywhere() {
    for (text, error) in [
        (
            "interface = 1\n",
            "1:13: interface: expected a table, found 1",
        ),
        (
            "datapath = []\n",
            "1:12: datapath: expected a table, found []",
        ),
        (
            "router.prefix.prefix = \"2001:db8::/64\"\n",
            "1:8: router.prefix: expected an array of tables; write [[router.prefix]]",
        ),
        (
            "router.prefix = [1]\n",
            "1:18: router.prefix: expected a table, found 1",
        ),
        (
            "router.links = \"eth1\"\n",
            "1:16: router.links: expected a list in [ ], found \"eth1\"",
        ),
        (
            "router.managed = \"yes\"\n",
            "1:18: router.managed: expected true or false, found \"yes\"",
        ),
        (
            "router.ra-rate = 1.5\n",
            "1:18: router.ra-rate: expected a number from 1 to 1000000, found 1.5",
        ),
    ] {
        assert!(
            errors(text).contains(&error.to_owned()),
            "{:?}",
            errors(text)
        );
    }
}

/// One bad value after the key, and a part of what is said about it.
#[test]
fn bad_values_are_refused() {
    let longer =
        "[[router.prefix]]\nprefix = \"2001:db8::/64\"\nvalid = \"1d\"\npreferred = \"2d\"";
    for (text, part) in [
        ("[interface.x]", "unknown key interface.x"),
        (
            "[datapath]\nxdp = \"fast\"",
            "5:7: datapath.xdp: expected \"auto\" or \"native\" or \"generic\" or \"off\"",
        ),
        (
            "[datapath]\nknown-ipv4 = [\"10.0.0.1/8\"]",
            "the prefix is \"10.0.0.0/8\"",
        ),
        (
            "[datapath]\nknown-ipv4 = [\"10.0.0.0/8\", \"10.0.0.0/8\"]",
            "5:29: datapath.known-ipv4: \"10.0.0.0/8\" is there twice",
        ),
        (
            "[datapath]\nnested = \"maybe\"",
            "expected \"pass\" or \"drop\"",
        ),
        (
            "[router]\nlifetime = 1800",
            "expected a duration such as \"30m\"",
        ),
        ("[router]\nlifetime = \"65536s\"", "from 4s to 65535s"),
        ("[router]\nlifetime = \"3s\"", "from 4s to 65535s"),
        ("[router]\nlifetime = \"infinite\"", "from 4s to 65535s"),
        ("[router]\nlifetime = \"500ms\"", "whole seconds"),
        ("[router]\nreachable-time = \"2h\"", "up to 3600000ms"),
        (
            "[router]\nhop-limit = 256",
            "expected a number from 0 to 255, found 256",
        ),
        (
            "[router]\npreference = \"best\"",
            "expected \"high\" or \"medium\" or \"low\"",
        ),
        ("[[router.prefix]]\nprefix = \"fe80::/64\"", "is link-local"),
        ("[[router.prefix]]\nprefix = \"ff02::/64\"", "is multicast"),
        (
            "[[router.prefix]]\nprefix = \"::/64\"",
            "holds no addresses",
        ),
        (
            "[[router.prefix]]\nprefix = \"2001:db8::/48\"",
            "5:10: router.prefix.prefix: expected a /64",
        ),
        (
            "[[router.prefix]]\nprefix = \"2001:db8::/64\"\n[[router.prefix]]\nprefix = \"2001:db8::/64\"",
            "7:10: router.prefix.prefix: \"2001:db8::/64\" is there twice",
        ),
        (
            longer,
            "7:13: router.prefix.preferred: is longer than router.prefix.valid",
        ),
        ("[[router.route]]\nprefix = \"fe80::/10\"", "is link-local"),
        (
            "[[router.route]]\nprefix = \"2001:db8::/48\"\n[[router.route]]\nprefix = \"2001:db8::/48\"",
            "7:10: router.route.prefix: \"2001:db8::/48\" is there twice",
        ),
        (
            "[router.dns]\nservers = [\"::1\"]",
            "expected a unicast IPv6 address",
        ),
        ("[router.dns]\nsearch = [\"a b\"]", "expected a domain name"),
    ] {
        let errors = router_errors(text);
        assert!(
            errors.len() == 1 && errors[0].contains(part),
            "{text}: {errors:?}"
        );
    }
}

#[test]
fn bad_values_of_the_interface_are_refused() {
    for (text, part) in [
        ("name = \"\"", "name of an interface"),
        ("name = \"..\"", "name of an interface"),
        ("name = \"sixteen-letters-\"", "name of an interface"),
        ("name = \"a b\"", "name of an interface"),
        (
            "name = \"eth0\"",
            "3:11: interface.uplinks: \"eth0\" is the ISATAP interface itself",
        ),
        ("local = \"127.0.0.1\"", "expected a unicast IPv4 address"),
        (
            "local = \"255.255.255.255\"",
            "expected a unicast IPv4 address",
        ),
        (
            "mtu = 1279",
            "expected \"auto\" or a number from 1280 to 65515, found 1279",
        ),
        ("mtu = 65516", "found 65516"),
        ("ttl = 256", "expected a number from 1 to 255"),
        ("dscp = 0", "expected \"zero\" or \"copy\", found 0"),
        ("path-mtu = \"big\"", "expected \"static\" or \"dynamic\""),
        ("tl = 5", "4:1: unknown key interface.tl; is it ttl?"),
    ] {
        let errors = router_errors(text);
        assert!(
            errors.len() == 1 && errors[0].contains(part),
            "{text}: {errors:?}"
        );
    }
    assert!(read(&format!("{INTERFACE}name = \"vlan.100\"\nmtu = 65515\n")).is_ok());
}

#[test]
fn columns_count_characters() {
    assert_eq!(
        router_errors("\"größe\" = 1\n[router.dns]\nsearch = [\"größe\", 1]\n"),
        [
            "4:1: unknown key interface.größe; [interface] has the keys role, name, uplinks, \
             local, mtu, ttl, dscp, path-mtu",
            "6:11: router.dns.search: expected a domain name such as \"example.com\", found \
             \"größe\"",
            "6:20: router.dns.search: expected a domain name such as \"example.com\", found 1",
        ]
    );
}

#[test]
fn a_file_that_cannot_be_read_is_one_error() {
    let error = load(Path::new("/nonexistent/isatap.toml")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "/nonexistent/isatap.toml: the file cannot be read: No such file or directory (os error 2)"
    );
}
