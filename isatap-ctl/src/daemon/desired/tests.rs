use super::*;

fn state(mode: AttachedMode) -> HookState {
    HookState {
        mode,
        reason: None,
        side: Side::Both,
    }
}

#[test]
fn from_xdp_in_a_driver_frames_go_to_xdp_in_a_driver_only() {
    let native = (Hook::Xdp(2), state(AttachedMode::Native));
    let other = (Hook::Xdp(3), state(AttachedMode::Native));
    let generic = (Hook::Xdp(4), state(AttachedMode::Generic));
    let none = (Hook::Xdp(5), state(AttachedMode::Tc));
    let forward = (Hook::Forward(6), state(AttachedMode::Tc));
    let stack = (Hook::In(7), state(AttachedMode::Tc));
    let found = |hooks: &[&(Hook, HookState)]| {
        let hooks: BTreeMap<_, _> = hooks.iter().copied().cloned().collect();
        redirectable(&hooks).into_iter().collect::<Vec<_>>()
    };
    assert_eq!(found(&[&native, &other, &stack]), [2, 3]);
    assert_eq!(found(&[&native, &generic, &none, &forward]), [2]);
    assert_eq!(found(&[&generic, &none, &forward, &stack]), [4, 6]);
    assert!(found(&[&none, &stack]).is_empty());
}

#[test]
fn vlans_and_what_carries_them_are_left_to_traffic_control_unless_the_operator_insists() {
    let link = |index, name: &str, kind: Option<&str>, trunk| links::Link {
        index,
        name: name.into(),
        mtu: 1500,
        up: true,
        running: true,
        kind: kind.map(Into::into),
        mac: Some([2; 6]),
        generates_addresses: true,
        xdp_program: None,
        trunk,
    };
    let trunk = link(2, "eth0", None, None);
    let vlan = link(3, "eth0.100", Some("vlan"), Some(2));
    let plain = link(4, "eth1", Some("veth"), None);
    let all = [&trunk, &vlan, &plain].map(|link| (link.index, link.clone()));
    let world = World {
        links: all.into(),
        ..World::default()
    };
    let why = |xdp: &str, link| {
        let text = format!(
            "[interface]\nrole = \"router\"\nuplinks = [\"eth0\"]\n[datapath]\nxdp = {xdp:?}\n"
        );
        let settings = crate::config::parse(std::path::Path::new("t.toml"), &text).unwrap();
        unfit_for_xdp(&settings, &world, link)
    };
    assert!(why("auto", &trunk).unwrap().contains("eth0.100"));
    assert!(why("auto", &vlan).unwrap().contains("VLAN"));
    assert_eq!(why("auto", &plain), None);
    // The release of this world is older than any.
    let large = links::Link {
        mtu: 9000,
        ..plain.clone()
    };
    assert!(why("auto", &large).unwrap().contains("6.3"));
    assert_eq!(why("native", &large), None);
    for insisting in ["native", "generic"] {
        assert_eq!(why(insisting, &trunk), None);
        assert_eq!(why(insisting, &vlan), None);
    }
}

#[test]
fn a_host_sends_with_the_hop_limit_of_its_router() {
    let hop_limit = |role: &str, hop_limit| {
        let text = format!("[interface]\nrole = \"{role}\"\nuplinks = [\"eth0\"]\n");
        let settings = crate::config::parse(std::path::Path::new("t.toml"), &text).unwrap();
        let link = Link {
            hop_limit,
            ..Link::default()
        };
        let mut sysctls = sysctls(&settings, &link).into_iter();
        sysctls.find(|(key, _)| key == "net/ipv6/conf/isatap0/hop_limit")
    };
    let value = |found: Option<(String, String)>| found.map(|(_, value)| value);
    assert_eq!(value(hop_limit("host", Some(40))).as_deref(), Some("40"));
    assert_eq!(value(hop_limit("host", None)).as_deref(), Some("64"));
    assert_eq!(hop_limit("router", None), None);
}
