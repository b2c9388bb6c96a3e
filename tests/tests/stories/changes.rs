//! Addresses, configurations and devices change under way; the daemon comes and goes.

use super::*;

/// The old address is gone and the new one solicits; everything moves with it. That it takes a second at most is
/// seen in the virtual machine (`silent-router`).
#[test]
fn another_ipv4_address_moves_everything() {
    let lab = configured(Xdp::Auto);
    let device = lab.names.host_a_device();
    let new = Ipv4Addr::new(10, 1, 0, 77);
    lab.site
        .host_a
        .run("ip addr del 10.1.0.2/24 dev eth0")
        .unwrap();
    lab.site
        .host_a
        .run("ip addr add 10.1.0.77/24 dev eth0")
        .unwrap();
    lab.site
        .host_a
        .run("ip route replace default via 10.1.0.1")
        .unwrap();
    let start = Instant::now();
    let link_local = within(PATIENCE, || {
        let shown = lab
            .site
            .host_a
            .run(&format!("ip -6 addr show dev {device}"))
            .ok()?;
        (shown.contains("fe80::5efe:a01:4d/") && !shown.contains("5efe:a01:2/")).then_some(())
    });
    assert!(link_local.is_some(), "it keeps the old one");
    let global = within(PATIENCE, || {
        let addresses = lab.site.host_a.global_addresses(device).ok()?;
        addresses.contains(&isatap_address(new)).then_some(())
    });
    assert!(global.is_some(), "no address after {:?}", start.elapsed());
    assert!(reaches(&lab.site.server, &isatap_address(new).to_string()));
    assert!(reaches(
        &lab.site.host_a,
        &isatap_address(HOST_B).to_string()
    ));
}

#[test]
fn stopping_leaves_the_datapath_and_down_leaves_nothing() {
    let mut lab = configured(Xdp::Auto);
    let device = lab.names.router_device().to_owned();
    let pins = Path::new("/sys/fs/bpf/isatap").join(&device);
    let router = lab.router_mut().unwrap();
    let refused = router.ctl_output(&["down"]).unwrap();
    assert_eq!(
        refused.code,
        Some(1),
        "a running daemon is not taken down: {refused:?}"
    );
    router.stop().unwrap();
    assert!(pins.exists());
    assert!(reaches(
        &lab.site.server,
        &isatap_address(HOST_A).to_string()
    ));
    let router = lab.router_mut().unwrap();
    let status = router.json(&["status"]).unwrap();
    assert_eq!(status["daemon"]["alive"], false);
    assert_eq!(status["locators"][0]["ipv4"], ROUTER.to_string());
    for _ in 0..2 {
        router.down().unwrap();
        assert!(!pins.exists());
    }
    assert!(
        lab.site
            .router
            .run(&format!("ip link show {device}"))
            .is_err()
    );
    let status = lab.router_mut().unwrap().ctl_output(&["status"]).unwrap();
    assert_eq!(status.code, Some(3), "nothing is running: {status:?}");
}

/// Both switches of the fast path by reload, under way.
#[test]
fn a_reload_changes_the_fast_path_and_a_wrong_file_changes_nothing() {
    let mut lab = configured(Xdp::Auto);
    let server = SERVER.to_string();
    for (xdp, word) in [(Xdp::Off, "off"), (Xdp::Auto, "native")] {
        let device = lab.names.router_device().to_owned();
        let config = isatap_tests::config::router(&device, xdp);
        let router = lab.router_mut().unwrap();
        router.configure(&config).unwrap();
        router.reload().unwrap();
        let status = lab.router().unwrap().json(&["status"]).unwrap();
        assert_eq!(status["uplinks"][0]["xdp"], word);
        assert!(reaches(&lab.site.host_a, &server), "with XDP {word}");
    }
    let router = lab.router_mut().unwrap();
    router
        .configure("[interface]\nrole = \"ruoter\"\n")
        .unwrap();
    router.reload().unwrap();
    let status = router.json(&["status"]).unwrap();
    assert_eq!(status["uplinks"][0]["xdp"], "native");
    assert_eq!(status["addresses"].as_array().unwrap().len(), 3);
    assert!(router.logged().contains("stays as it was"));
    assert!(reaches(&lab.site.host_a, &server));
}

/// The daemon heals its device, and ends where there is none to heal, so that it is started anew.
#[test]
fn a_device_set_down_comes_back_and_a_deleted_one_ends_the_daemon() {
    let mut lab = configured(Xdp::Auto);
    let device = lab.names.router_device().to_owned();
    let server = SERVER.to_string();
    lab.site
        .router
        .run(&format!("ip link set {device} down"))
        .unwrap();
    let healed = within(PATIENCE, || {
        reaches(&lab.site.host_a, &server).then_some(())
    });
    assert!(healed.is_some());
    lab.site
        .router
        .run(&format!("ip link del {device}"))
        .unwrap();
    let ended = within(PATIENCE, || {
        lab.router()
            .unwrap()
            .logged()
            .contains(&format!("{device} was deleted or renamed"))
            .then_some(())
    });
    assert!(ended.is_some());
    let router = lab.router_mut().unwrap();
    router.kill().unwrap();
    router.resume().unwrap();
    let back = within(PATIENCE, || {
        reaches(&lab.site.host_a, &server).then_some(())
    });
    assert!(back.is_some());
}

/// Solicitations are left to another program; a reload changes who answers, both ways.
#[test]
fn advertising_is_left_to_others_and_taken_back_by_reload() {
    let mut lab = lab();
    let device = lab.names.router_device().to_owned();
    let ours = isatap_tests::config::router(&device, Xdp::Auto);
    let others = ours.replace("[router]", "[router]\nadvertise = false\nlifetime = \"1h\"");
    lab.start_router(Xdp::Auto).unwrap();
    let router = lab.router_mut().unwrap();
    for (config, by) in [(&others, "other"), (&ours, "daemon"), (&others, "other")] {
        router.configure(config).unwrap();
        router.reload().unwrap();
        let status = router.json(&["status"]).unwrap();
        assert_eq!(status["advertised_by"], by);
        assert_eq!(status["prefixes"].as_array().unwrap().len(), 1);
        assert_eq!(status["addresses"].as_array().unwrap().len(), 3);
    }
    assert!(router.logged().contains("router.lifetime has no effect"));
    lab.start_host_a().unwrap();
    let addressed = |lab: &Lab, limit| {
        let (host, device) = (&lab.site.host_a, lab.names.host_a_device());
        within(limit, || {
            let addresses = host.global_addresses(device).ok()?;
            (!addresses.is_empty()).then_some(())
        })
    };
    assert_eq!(addressed(&lab, Duration::from_secs(3)), None);
    let router = lab.router_mut().unwrap();
    router.configure(&ours).unwrap();
    router.reload().unwrap();
    assert!(addressed(&lab, 2 * PATIENCE).is_some());
}
