//! Another role and another name by reload.

use isatap_tests::{
    config::{host_of, router},
    links,
};

use super::{
    life::{holdings, none_is_lost, start_pings},
    *,
};

const GAP: &str = "the tunnel is made anew; packets are lost meanwhile";

/// What a device of that name has left anywhere on the machine.
fn traces(inside: &Inside, device: &str) -> Vec<String> {
    let files = ["lock", "sock"].map(|kind| PathBuf::from(format!("/run/isatap/{device}.{kind}")));
    let mut found: Vec<String> = files
        .iter()
        .chain([&pins::directory(device)])
        .filter(|path| path.exists())
        .map(|path| path.display().to_string())
        .collect();
    for listing in [
        "ip link show",
        "ip -6 addr show",
        "ip -6 route show table all",
        "ip -6 rule",
        "ip rule",
    ] {
        let printed = inside.run(listing).unwrap();
        found.extend(
            printed
                .lines()
                .filter(|line| line.contains(device))
                .map(str::to_owned),
        );
    }
    found
}

/// Whether an XDP program is on a NIC, whoever holds it.
fn has_xdp(inside: &Inside, nic: &str) -> bool {
    let printed = inside.run(&format!("ip link show {nic}")).unwrap();
    printed.contains("prog/xdp")
}

fn served(lab: &Lab) {
    let (server, a) = (SERVER.to_string(), isatap_address(HOST_A).to_string());
    // Hosts that were told that it is no router ask ever more rarely.
    let back = within(3 * PATIENCE, || {
        (reaches(&lab.site.host_a, &server) && reaches(&lab.site.server, &a)).then_some(())
    });
    assert!(back.is_some(), "{}", lab.router().unwrap().logged());
}

fn plan(lab: &Lab) -> String {
    let daemon = lab.router().unwrap();
    let file = lab.file(&format!("{}.toml", lab.names.router_device()));
    daemon
        .ctl_bare(&["plan", "--config", &file.display().to_string()])
        .unwrap()
}

#[test]
fn a_router_becomes_a_host_and_a_router_again() {
    let mut lab = configured(Xdp::Auto);
    let device = lab.names.router_device().to_owned();
    let as_router = router(&device, Xdp::Auto);
    let as_host = host_of(&device, HOST_B);
    served(&lab);
    let before = holdings(lab.router().unwrap());
    let forwarding = format!("sysctl -n net.ipv6.conf.{device}.forwarding");
    let xdp = |lab: &Lab| ["eth0", "eth1"].map(|nic| has_xdp(&lab.site.router, nic));
    assert_eq!(xdp(&lab), [true, true]);

    lab.router().unwrap().configure(&as_host).unwrap();
    let planned = plan(&lab);
    for line in [
        format!("role: router → host: {GAP}"),
        "detach isatap_xdp from interface".to_owned(),
        format!("delete TUN device {device}"),
        "leave net/ipv6/conf/all/forwarding as it is".to_owned(),
        format!("create TUN device {device}"),
        "attach isatap_in to eth0".to_owned(),
    ] {
        assert!(planned.contains(&line), "{line}\n{planned}");
    }
    let router = lab.router_mut().unwrap();
    router.reload().unwrap();
    let status = router.json(&["status"]).unwrap();
    assert_eq!(status["role"], "host", "{}", router.logged());
    assert_eq!(status["daemon"]["pid"], router.pid().unwrap());
    assert_eq!(status["prl"][0]["ipv4"], HOST_B.to_string());
    assert_eq!(status["prefixes"].as_array().unwrap().len(), 0);
    // The kernel frees a link a moment after the last that held it.
    let freed = within(PATIENCE, || (xdp(&lab) == [false, false]).then_some(()));
    assert!(freed.is_some(), "{:?}", xdp(&lab));
    assert_eq!(links::of(&device).unwrap().len(), 2);
    let addresses = lab.site.router.global_addresses(&device).unwrap();
    assert!(addresses.is_empty(), "{addresses:?}");
    assert_eq!(lab.site.router.run(&forwarding).unwrap().trim(), "0");
    assert!(hears_nothing(&lab.site.host_a, &SERVER.to_string()));
    assert_eq!(plan(&lab).trim(), "nothing to change");

    lab.router().unwrap().configure(&as_router).unwrap();
    assert!(plan(&lab).contains(&format!("role: host → router: {GAP}")));
    lab.router_mut().unwrap().reload().unwrap();
    assert_eq!(lab.site.router.run(&forwarding).unwrap().trim(), "1");
    served(&lab);
    let after = holdings(lab.router().unwrap());
    assert!(
        after.0 <= before.0 + 2,
        "{before:?}, then {after:?} descriptors"
    );
    assert_eq!(after.2, before.2, "pins");
    assert_eq!(plan(&lab).trim(), "nothing to change");
}

#[test]
fn another_name_leaves_nothing_of_the_old_one() {
    let mut lab = configured(Xdp::Auto);
    served(&lab);
    let old = lab.names.router_device().to_owned();
    let new = format!("{old}n");
    assert!(traces(&lab.site.router, &old).len() > 5);
    for (from, to) in [(&old, &new), (&new, &old)] {
        lab.router()
            .unwrap()
            .configure(&router(to, Xdp::Auto))
            .unwrap();
        let planned = plan(&lab);
        for line in [
            format!("name: {from} → {to}: {GAP}"),
            format!("delete TUN device {from}"),
            format!("create TUN device {to}"),
            "attach isatap_xdp to eth1".to_owned(),
        ] {
            assert!(planned.contains(&line), "{line}\n{planned}");
        }
        let router = lab.router_mut().unwrap();
        let absent = router.ctl_bare(&["--interface", to, "status"]);
        assert!(absent.is_err(), "{absent:?}");
        router.reload_as(to).unwrap();
        let status = router.json(&["status"]).unwrap();
        assert_eq!(status["interface"], to.as_str(), "{}", router.logged());
        assert_eq!(status["links"][0]["xdp"], "native");
        let lines = traces(&lab.site.router, from);
        let lines: Vec<_> = lines
            .iter()
            .filter(|line| !line.contains(to.as_str()))
            .collect();
        assert!(lines.is_empty(), "{lines:#?}");
        let absent = lab
            .router()
            .unwrap()
            .ctl_bare(&["--interface", from, "status"]);
        assert!(absent.is_err(), "{absent:?}");
        served(&lab);
    }
    lab.router_mut().unwrap().down().unwrap();
    for device in [&old, &new] {
        let left = traces(&lab.site.router, device);
        assert!(left.is_empty(), "{left:#?}");
    }
}

/// What a host was told by command and by its routers goes along.
#[test]
fn a_host_with_another_name_keeps_what_it_knows() {
    let mut lab = configured(Xdp::Auto);
    let old = lab.names.host_a_device().to_owned();
    let new = format!("{old}n");
    let unlisted = isatap_tests::config::host(&new).replace(&format!("\"{ROUTER}\""), "");
    let host = lab.host_a_mut().unwrap();
    host.ctl(&["prl", "add", &ROUTER.to_string()]).unwrap();
    host.configure(&unlisted).unwrap();
    host.reload_as(&new).unwrap();
    let status = host.json(&["status"]).unwrap();
    assert_eq!(status["prl"][0]["sources"][0], "command", "{status}");
    let addresses = lab.site.host_a.global_addresses(&new).unwrap();
    assert_eq!(addresses, [isatap_address(HOST_A)], "at once");
    assert!(reaches(&lab.site.host_a, &SERVER.to_string()));
    assert!(pins::directory(&new).exists() && !pins::directory(&old).exists());
}

/// A name that another device has: nothing is touched, and no packet is lost.
#[test]
fn a_name_that_is_taken_changes_nothing() {
    let mut lab = configured(Xdp::Auto);
    let device = lab.names.router_device().to_owned();
    let before = links::of(&device).unwrap().len();
    let pings = start_pings(&lab, HOST_A);
    for (number, kind) in ["type bridge", "type ifb"].into_iter().enumerate() {
        let taken = format!("{device}t{number}");
        let inside = &lab.site.router;
        inside.run(&format!("ip link add {taken} {kind}")).unwrap();
        let router = lab.router_mut().unwrap();
        router
            .configure(&isatap_tests::config::router(&taken, Xdp::Auto))
            .unwrap();
        router.reload().unwrap();
        let why = format!("there is an interface {taken} that is not ours");
        assert!(router.logged().contains(&why), "{}", router.logged());
        assert_eq!(
            router.json(&["status"]).unwrap()["interface"],
            device.as_str()
        );
        assert!(!pins::directory(&taken).exists());
        lab.site
            .router
            .run(&format!("ip link show {taken}"))
            .unwrap();
    }
    pings.are_answered(50).unwrap();
    none_is_lost(&lab, pings);
    assert_eq!(links::of(&device).unwrap().len(), before);
    assert_eq!(
        lab.router()
            .unwrap()
            .logged()
            .matches("stays as it was")
            .count(),
        2
    );
}

/// The kernel refuses only when the old node is gone: the old one comes back, with what it knew.
#[test]
fn a_role_that_does_not_start_gives_the_old_one_back() {
    let mut lab = configured(Xdp::Auto);
    let device = lab.names.host_a_device().to_owned();
    let inside = &lab.site.host_a;
    // It has no XDP in its driver.
    inside.run("ip link add plain0 type bridge").unwrap();
    inside.run("ip link set plain0 up").unwrap();
    let router = isatap_tests::config::router_between(&["eth0"], &["plain0"], &device, Xdp::Auto)
        .replace("\"auto\"", "\"native\"");
    let host = lab.host_a_mut().unwrap();
    host.ctl(&["prl", "add", "10.1.0.99"]).unwrap();
    host.configure(&router).unwrap();
    host.reload().unwrap();
    let logged = host.logged();
    assert!(logged.contains("stays as it was"), "{logged}");
    assert!(
        logged.contains("cannot attach isatap_xdp to plain0"),
        "{logged}"
    );
    let status = host.json(&["status"]).unwrap();
    assert_eq!(status["role"], "host");
    let listed = status["prl"].as_array().unwrap();
    assert_eq!(listed.len(), 2, "{listed:?}");
    let addresses = lab.site.host_a.global_addresses(&device).unwrap();
    assert_eq!(addresses, [isatap_address(HOST_A)], "at once");
    assert!(reaches(&lab.site.host_a, &SERVER.to_string()));
    assert!(!has_xdp(&lab.site.host_a, "plain0"));
}
