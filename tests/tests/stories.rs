//! What an operator lives through, with the real daemon on real packets. Needs root.
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use isatap_tests::{
    config::Xdp,
    forge, interrupt,
    lab::Lab,
    names::Names,
    ns::Inside,
    packet::{Inner, Outer},
    pins,
    site::{HOST_A, HOST_B, ROUTER, SERVER, isatap_address},
    stats::Stats,
    steps,
    traffic::ping,
};

/// The controller: the one that `ISATAP_CTL` names, or the one built beside this test.
fn program() -> PathBuf {
    if let Some(named) = std::env::var_os("ISATAP_CTL") {
        return named.into();
    }
    let test = std::env::current_exe().unwrap();
    let target = test.ancestors().nth(2).unwrap();
    target.join("isatap-ctl")
}

fn lab() -> Lab {
    Lab::create(Names::unique(), &program()).unwrap()
}

/// A lab in which both hosts have configured themselves.
fn configured(xdp: Xdp) -> Lab {
    let mut lab = lab();
    steps::solicit(&mut lab, xdp).unwrap();
    steps::configure(&mut lab, xdp).unwrap();
    lab
}

fn within<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    interrupt::poll(limit, || Ok(look())).unwrap()
}

fn reaches(from: &Inside, to: &str) -> bool {
    ping(from, to, 5, 0.05).unwrap().lost() == 0
}

#[test]
fn a_site_gets_ipv6_through_xdp() {
    let mut lab = configured(Xdp::Auto);
    steps::reach(&mut lab, Xdp::Auto).unwrap();
    steps::throughput(&mut lab, Xdp::Auto).unwrap();
    steps::layers(&mut lab, Xdp::Auto).unwrap();
    steps::forged(&mut lab, Xdp::Auto).unwrap();
    steps::crash(&mut lab, Xdp::Auto).unwrap();
    steps::status(&mut lab, Xdp::Auto).unwrap();
    steps::counters(&mut lab, Xdp::Auto).unwrap();
}

#[test]
fn a_site_gets_ipv6_through_traffic_control() {
    let mut lab = configured(Xdp::Off);
    steps::reach(&mut lab, Xdp::Off).unwrap();
    steps::layers(&mut lab, Xdp::Off).unwrap();
    steps::forged(&mut lab, Xdp::Off).unwrap();
}

/// The old address is gone and the new one solicits; everything moves with it.
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
    let link_local = within(Duration::from_secs(1), || {
        let shown = lab
            .site
            .host_a
            .run(&format!("ip -6 addr show dev {device}"))
            .ok()?;
        (shown.contains("fe80::5efe:a01:4d/") && !shown.contains("5efe:a01:2/")).then_some(())
    });
    assert!(link_local.is_some(), "not within a second");
    let global = within(Duration::from_secs(10), || {
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

/// XDP and TC see only fragments; the kernel reassembles them and the daemon goes on from there.
#[test]
fn fragments_take_the_slow_path_and_arrive() {
    let lab = configured(Xdp::Auto);
    let router = lab.router().unwrap();
    let before = Stats::read(router).unwrap();
    let request = Inner::new(isatap_address(HOST_B), SERVER).echo_request(7, 1, &[5; 200]);
    let outer = Outer::new(HOST_B, ROUTER).identification(77);
    let mut fragments = outer.fragments(&request.packet().unwrap(), 128).unwrap();
    assert!(fragments.len() > 1);
    fragments.reverse();
    for fragment in &fragments {
        forge::send(&lab.site.host_b, ROUTER, fragment).unwrap();
    }
    let delivered = within(Duration::from_secs(3), || {
        let since = Stats::read(router).ok()?.since(&before);
        let user = since.packets(|count| count.layer == "user" && count.reason == "delivered");
        (user == 1).then_some(since)
    });
    let since = delivered.expect("the slow path delivered nothing");
    assert_eq!(
        since.of_reason("fragment"),
        2 * fragments.len() as u64,
        "counted by XDP and TC"
    );
    let answered = since.packets(|count| {
        count.direction == "out" && count.reason == "resolved" || count.reason == "cached"
    });
    assert!(answered >= 1, "the server's answer went back");
}

/// Attached without XDP, whatever this kernel offers for that.
#[test]
fn a_killed_daemon_loses_no_packet_in_traffic_control() {
    let mut lab = configured(Xdp::Off);
    steps::flows_on(&mut lab).unwrap();
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

#[test]
fn a_second_instance_is_refused_with_the_pid_of_the_first() {
    let lab = configured(Xdp::Auto);
    let router = lab.router().unwrap();
    let config = lab.file(&format!("{}.toml", router.device()));
    let mut second = lab.site.router.command(program());
    let output = second
        .args(["run", "--config"])
        .arg(config)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{printed}");
    assert!(
        printed.contains(&format!("by pid {}", router.pid().unwrap())),
        "{printed}"
    );
    assert!(reaches(
        &lab.site.server,
        &isatap_address(HOST_A).to_string()
    ));
}

#[test]
fn a_missing_nic_is_named_and_nothing_stays() {
    let lab = lab();
    let device = lab.names.router_device().to_owned();
    let config = lab.file("missing.toml");
    let text = format!(
        "[interface]\nname = \"{device}\"\nrole = \"router\"\nuplinks = [\"eth0\"]\n\
         [router]\nlinks = [\"nosuch0\"]\n"
    );
    std::fs::write(&config, text).unwrap();
    let output = lab
        .site
        .router
        .command(program())
        .args(["run", "--config"])
        .arg(&config)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{printed}");
    assert!(printed.contains("nosuch0"), "{printed}");
    assert!(!Path::new("/sys/fs/bpf/isatap").join(&device).exists());
    assert!(
        lab.site
            .router
            .run(&format!("ip link show {device}"))
            .is_err()
    );
}

#[test]
fn the_pins_are_readable_with_bpftool_by_field_name() {
    let lab = configured(Xdp::Auto);
    let device = lab.names.router_device();
    for (map, field) in [
        ("CONFIG", "generation"),
        ("LOCATORS", "ifindex"),
        ("PREFIXES", "deadline"),
        ("KNOWN_IPV4", "standing"),
        ("COUNTERS", "packets"),
        ("NEXT_HOPS", "macs"),
    ] {
        let output = Command::new("bpftool")
            .args(["-j", "map", "dump", "pinned"])
            .arg(pins::map(device, map).unwrap())
            .output()
            .unwrap();
        let dumped = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success() && dumped.contains(&format!("\"{field}\"")),
            "{map}"
        );
    }
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

/// Nobody's program is pushed aside, and nothing of ours is left half done.
#[test]
fn a_foreign_xdp_program_is_named_and_left_alone() {
    let mut lab = lab();
    let device = lab.names.router_device().to_owned();
    let pin = Path::new("/sys/fs/bpf").join(format!("other-{device}"));
    isatap_tests::foreign::pin(&pin).unwrap();
    let attached = lab.site.router.run(&format!(
        "ip link set dev eth1 xdp pinned {}",
        pin.display()
    ));
    std::fs::remove_file(&pin).unwrap();
    attached.unwrap();
    let refused = format!("{:#}", lab.start_router(Xdp::Auto).unwrap_err());
    assert!(refused.contains("exit status: 78"), "{refused}");
    assert!(
        refused.contains("eth1 already has the XDP program other_folk"),
        "{refused}"
    );
    assert!(refused.contains("datapath.xdp = \"off\""), "{refused}");
    assert!(!Path::new("/sys/fs/bpf/isatap").join(&device).exists());
    let shown = lab.site.router.run("ip link show dev eth1").unwrap();
    assert!(shown.contains("xdp"), "{shown}");
    lab.start_router(Xdp::Off).unwrap();
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
    let healed = within(Duration::from_secs(3), || {
        reaches(&lab.site.host_a, &server).then_some(())
    });
    assert!(healed.is_some());
    lab.site
        .router
        .run(&format!("ip link del {device}"))
        .unwrap();
    let ended = within(Duration::from_secs(5), || {
        lab.router()
            .unwrap()
            .logged()
            .contains(&format!("{device} was deleted"))
            .then_some(())
    });
    assert!(ended.is_some());
    let router = lab.router_mut().unwrap();
    router.kill().unwrap();
    router.resume().unwrap();
    let back = within(Duration::from_secs(5), || {
        reaches(&lab.site.host_a, &server).then_some(())
    });
    assert!(back.is_some());
}

#[test]
fn a_missing_capability_is_named_with_its_remedy() {
    let lab = lab();
    let config = lab.file("bare.toml");
    let text = isatap_tests::config::host(lab.names.host_a_device());
    std::fs::write(&config, text).unwrap();
    let output = lab
        .site
        .host_a
        .command("setpriv")
        .args(["--bounding-set=-all", "--inh-caps=-all"])
        .arg(program())
        .args(["run", "--config"])
        .arg(&config)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{printed}");
    assert!(
        printed.contains("CAP_NET_ADMIN is missing; run as root or grant"),
        "{printed}"
    );
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
    assert!(addressed(&lab, Duration::from_secs(10)).is_some());
}
