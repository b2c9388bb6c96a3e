use super::{document, isatap_ctl};

#[test]
fn both_forms_are_shown_and_the_canonical_one_is_marked() {
    let (code, stdout, _) = isatap_ctl(&["addr", "10.0.0.1", "--prefix", "2001:db8:0:1::/64"]);
    assert_eq!(code, 0);
    insta::assert_snapshot!(stdout);
    insta::assert_json_snapshot!(document(&["addr", "8.8.8.8"]));
}

#[test]
fn an_ipv6_address_gives_the_ipv4_address_in_it() {
    let (code, stdout, _) = isatap_ctl(&["addr", "fe80::5efe:a00:1"]);
    assert_eq!(code, 0);
    assert_eq!(
        stdout,
        "fe80::5efe:a00:1: ISATAP address of 10.0.0.1, u bit local, canonical\n"
    );
    insta::assert_json_snapshot!(document(&["addr", "2001:db8::200:5efe:10.0.0.1"]));
}

#[test]
fn an_address_that_is_not_isatap_fails() {
    let (code, stdout, _) = isatap_ctl(&["addr", "2001:db8::1"]);
    assert_eq!(
        (code, stdout.as_str()),
        (1, "2001:db8::1: not an ISATAP address\n")
    );
    insta::assert_json_snapshot!(document(&["addr", "ff02::5efe:10.0.0.1"]));
    assert_eq!(isatap_ctl(&["addr", "224.0.0.1"]).0, 1);
}

#[test]
fn wrong_usage_exits_with_2() {
    for arguments in [
        &["addr"][..],
        &["addr", "10.0.0"],
        &["addr", "10.0.0.1", "--prefix", "2001:db8::/48"],
        &["addr", "10.0.0.1", "--prefix", "2001:db8::1/64"],
        &["addr", "fe80::1", "--prefix", "2001:db8::/64"],
    ] {
        assert_eq!(isatap_ctl(arguments).0, 2, "{arguments:?}");
    }
}
