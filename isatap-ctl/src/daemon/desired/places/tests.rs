use super::*;

fn state(mode: AttachedMode) -> HookState {
    HookState {
        mode,
        reason: None,
        side: Side::Both,
    }
}

fn nic(index: u32, name: &str) -> links::Link {
    links::Link {
        index,
        name: name.into(),
        mtu: 1500,
        up: true,
        running: true,
        kind: None,
        mac: Some([2; 6]),
        generates_addresses: true,
        xdp_program: None,
        trunk: None,
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

fn world<const N: usize>(links: [&links::Link; N]) -> World {
    World {
        links: links.map(|link| (link.index, link.clone())).into(),
        ..World::default()
    }
}

/// One that went away meanwhile, and one that has no address, have no place in the table.
#[test]
fn xdp_forwards_the_frames_of_the_nics_that_it_is_on() {
    let addressed = nic(2, "eth0");
    let unaddressed = links::Link {
        mac: None,
        ..nic(3, "eth1")
    };
    let without = nic(4, "eth2");
    let world = world([&addressed, &unaddressed, &without]);
    let found = nics(&world, &BTreeSet::from([2, 3, 9]));
    assert_eq!(found, Nics::new(&BTreeMap::from([(2, [2; 6])])));
}

#[test]
fn vlans_and_what_carries_them_are_left_to_traffic_control_unless_the_operator_insists() {
    let link = |index, name, kind: Option<&str>, trunk| links::Link {
        kind: kind.map(Into::into),
        trunk,
        ..nic(index, name)
    };
    let trunk = link(2, "eth0", None, None);
    let vlan = link(3, "eth0.100", Some("vlan"), Some(2));
    let plain = link(4, "eth1", Some("veth"), None);
    let world = world([&trunk, &vlan, &plain]);
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
    let unaddressed = links::Link {
        mac: None,
        ..plain.clone()
    };
    assert!(why("auto", &unaddressed).unwrap().contains("address"));
    for insisting in ["native", "generic"] {
        assert_eq!(why(insisting, &trunk), None);
        assert_eq!(why(insisting, &vlan), None);
    }
}

#[test]
fn a_nic_has_the_program_of_its_side() {
    let nics = [(2, "eth0"), (3, "eth1"), (4, "eth2")].map(|(index, name)| nic(index, name));
    let world = world(nics.each_ref());
    let text = "[interface]\nrole = \"router\"\nuplinks = [\"eth0\", \"eth1\"]\n\
                [router]\nlinks = [\"eth1\", \"eth2\"]\n";
    let settings = crate::config::parse(std::path::Path::new("t.toml"), text).unwrap();
    let hooks = hooks(&settings, &world, 9);
    let side = |index| hooks.get(&Hook::Xdp(index)).map(|place| place.side);
    let wanted = [Side::Uplink, Side::Both, Side::Native].map(Some);
    assert_eq!([2, 3, 4].map(side), wanted);
}
