//! Keys that are right and yet do not do what their writer may think.

use super::*;

#[test]
fn functions_of_later_work_are_validated_and_then_refused() {
    for (text, error) in [
        (
            "[metrics]\nlisten = \"[::1]:9541\"",
            "5:10: metrics.listen = \"[::1]:9541\" is not supported yet",
        ),
        (
            "[metrics]\nlisten = \"9541\"",
            "5:10: metrics.listen: expected an address and a port such as \"[::1]:9541\", found \"9541\"",
        ),
    ] {
        assert_eq!(router_errors(text), [error]);
    }
    for (text, error) in [
        (
            "domain = \"isatap\"",
            "5:10: host.domain: expected a fully qualified name such as \"isatap.example.com\", or \"\", found \"isatap\"",
        ),
        (
            "domain = \"10.0.0.1\"",
            "5:10: host.domain: \"10.0.0.1\" is an address; write it in host.prl",
        ),
        (
            "refresh = \"500ms\"",
            "5:11: host.refresh: expected a duration such as \"2m\", at least 1s, found \"500ms\"",
        ),
        (
            "accept-dns = \"resolve\"",
            "5:14: host.accept-dns: expected \"report\" or \"resolved\" or \"off\", found \"resolve\"",
        ),
    ] {
        assert_eq!(host_errors(&format!("[host]\n{text}")), [error]);
    }
}

#[test]
fn routers_may_have_a_name() {
    let text = |host: &str| format!("{}[host]\n{host}", INTERFACE.replace("router", "host"));
    let host = |lines: &str| match read(&text(lines)).unwrap().role {
        RoleSettings::Host(host) => host,
        RoleSettings::Router(_) => unreachable!(),
    };
    let default = host("");
    assert_eq!(
        (&default.domain, default.refresh),
        (&None, Duration::from_hours(1))
    );
    for (written, name) in [
        ("", None),
        ("isatap.example.com", Some("isatap.example.com")),
        ("isatap.example.com.", Some("isatap.example.com")),
        ("isatap.", Some("isatap")),
    ] {
        let host = host(&format!("domain = \"{written}\""));
        assert_eq!(host.domain.as_deref(), name);
    }
    let named = host(
        "domain = \"isatap.example.com\"\nprl-allow = [\"10.0.0.0/8\"]\nrefresh = \"infinite\"",
    );
    assert_eq!(named.prl_allow, ["10.0.0.0/8".parse().unwrap()]);
    assert_eq!(named.refresh, Duration::MAX);
    let notes = read(&text("refresh = \"1h\"\nprl-allow = [\"10.0.0.0/8\"]"))
        .unwrap()
        .notes;
    let notes: Vec<_> = notes.iter().map(ToString::to_string).collect();
    assert_eq!(
        notes,
        [
            "t.toml:5:1: host.refresh has no effect, because host.domain names nothing to look up",
            "t.toml:6:1: host.prl-allow has no effect, because host.domain names nothing to look up",
        ]
    );
}

#[test]
fn forwarding_is_for_routers() {
    let forward = "[datapath]\ntc = \"forward\"\n";
    let router = read(&format!("{INTERFACE}{forward}")).unwrap();
    assert_eq!(router.datapath.tc, TcMode::Forward);
    assert!(router.notes.is_empty());
    let host = INTERFACE.replace("router", "host");
    let host = read(&format!("{host}{forward}")).unwrap();
    let notes: Vec<_> = host.notes.iter().map(ToString::to_string).collect();
    assert_eq!(
        notes,
        ["t.toml:5:1: datapath.tc has no effect, because a host receives for itself"]
    );
}

/// One line changes who advertises, so the rest of the file may stay.
#[test]
fn what_only_advertisements_use_is_noted_where_another_program_sends_them() {
    let text = format!(
        "{INTERFACE}[router]\nadvertise = false\nlinks = [\"eth1\"]\nlifetime = \"1h\"\n\
         [router.dns]\nservers = [\"2001:db8::53\"]\n\
         [[router.prefix]]\nprefix = \"2001:db8::/64\"\nvalid = \"1d\"\n\
         [[router.prefix]]\nprefix = \"2001:db8:0:1::/64\"\non-link = false\n"
    );
    let notes = |text: &str| {
        let notes = read(text).unwrap().notes;
        notes.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        notes(&text),
        [
            "t.toml:7:1: router.lifetime has no effect, because router.advertise = false",
            "t.toml:8:9: router.dns has no effect, because router.advertise = false",
            "t.toml:12:1: router.prefix.valid has no effect, because router.advertise = false",
            "t.toml:14:1: router.prefix.prefix has no effect, because router.advertise = false and \
             on-link = false",
        ]
    );
    assert_eq!(
        notes(&text.replace("= false\nlinks", "= true\nlinks")),
        [""; 0]
    );
}
