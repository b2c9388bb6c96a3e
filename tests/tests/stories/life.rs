//! What changes under a running router, and what must not notice.

use std::{fmt::Write as _, fs};

use isatap_tests::{
    config::router_between,
    daemon::Daemon,
    links,
    pings::{Pinging, start_ping},
    site::{NATIVE, UPLINK},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{
    uplinks::{SECOND, SECOND_LOCATOR, connect_second, everybody_reaches_everybody, two_uplinks},
    *,
};

/// The server pings a host 200 times a second until [`none_is_lost`].
pub(super) fn start_pings(lab: &Lab, host: Ipv4Addr) -> Pinging {
    start_ping(
        &lab.site.server,
        isatap_address(host),
        &lab.file("pings.log"),
    )
    .unwrap()
}

/// Every ping up to the last that was answered; those after it may be on their way.
pub(super) fn none_is_lost(lab: &Lab, pings: Pinging) {
    let pings = pings.end().unwrap();
    assert_eq!(
        pings.lost(),
        0,
        "{pings}; the router counted {:#?}",
        Stats::read(lab.router().unwrap()).unwrap().by_name()
    );
}

/// Open descriptors, resident memory in units of 1024 octets, and pins.
pub(super) fn holdings(router: &Daemon) -> (usize, u64, usize) {
    let process = PathBuf::from(format!("/proc/{}", router.pid().unwrap()));
    let open = fs::read_dir(process.join("fd")).unwrap().count();
    let status = fs::read_to_string(process.join("status")).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.unwrap().split_whitespace().next().unwrap();
    let layouts = fs::read_dir(pins::directory(router.device())).unwrap();
    let pinned = layouts.map(|layout| fs::read_dir(layout.unwrap().path()).unwrap().count());
    (open, resident.parse().unwrap(), pinned.sum())
}

/// Two files by turns, which differ in prefixes, uplinks, sizes and switches.
#[test]
fn two_hundred_reloads_lose_no_ping_and_leave_nothing() {
    let mut lab = configured(Xdp::Auto);
    connect_second(&lab);
    let device = lab.names.router_device().to_owned();
    let one = isatap_tests::config::router(&device, Xdp::Auto);
    let other = router_between(&[UPLINK, SECOND], &[NATIVE], &device, Xdp::Auto).replace(
        "[datapath]",
        "mtu = 1400\n[datapath]\nhairpin = false\nknown-ipv4 = [\"10.0.0.0/8\"]",
    ) + "[[router.prefix]]\nprefix = \"2001:db8:0:9::/64\"\n";
    let before = links::of(&device).unwrap();
    let pings = start_pings(&lab, HOST_A);
    let router = lab.router_mut().unwrap();
    let mut reload = |times: usize| {
        for config in [&other, &one].into_iter().cycle().take(times) {
            router.configure(config).unwrap();
            router.reload().unwrap();
        }
        holdings(router)
    };
    let (open, resident, pinned) = reload(20);
    let after = reload(180);
    none_is_lost(&lab, pings);
    println!("before {open} {resident} {pinned}, after {after:?}");
    assert!(after.0 <= open + 2, "{open} descriptors, then {}", after.0);
    assert_eq!(after.2, pinned, "pins");
    assert!(
        after.1 < resident + 4096,
        "{resident} kB, then {} kB",
        after.1
    );
    let ids = |links: &[links::Link]| -> Vec<_> {
        links
            .iter()
            .map(|link| (link.name.clone(), link.id, link.program))
            .collect()
    };
    assert_eq!(
        ids(&links::of(&device).unwrap()),
        ids(&before),
        "attached as before"
    );
    let logged = lab.router().unwrap().logged();
    assert!(!logged.contains("stays as it was"), "{logged}");
}

/// The second uplink flaps, is deleted and made again, and renamed; the first one's packets flow.
#[test]
fn an_uplink_that_flaps_goes_or_is_renamed_comes_back() {
    let lab = two_uplinks(Xdp::Auto);
    addressed(&lab);
    everybody_reaches_everybody(&lab);
    let (core, router) = (&lab.site.core, &lab.site.router);
    let b = isatap_address(HOST_B).to_string();
    let comes_back = |what: &str| {
        let back = within(PATIENCE, || reaches(&lab.site.server, &b).then_some(()));
        assert!(back.is_some(), "after it {what}");
    };
    let shown = || {
        let status = lab.router().unwrap().json(&["status"]).unwrap();
        status["uplinks"][1].clone()
    };
    let is_native = || {
        let native = within(PATIENCE, || (shown()["xdp"] == "native").then_some(()));
        assert!(native.is_some(), "{}", shown());
    };
    let run = |inside: &Inside, line: &str| inside.run(line).map(drop).unwrap();
    let pings = start_pings(&lab, HOST_A);

    run(core, "ip link set to-second down");
    assert!(hears_nothing(&lab.site.server, &b));
    run(core, "ip link set to-second up");
    run(router, "ip route replace 10.2.0.0/24 via 10.8.0.1");
    comes_back("flapped");

    run(router, &format!("ip link set {SECOND} name other0"));
    let gone = within(PATIENCE, || (shown()["xdp"] == "off").then_some(()));
    assert!(gone.is_some(), "{}", shown());
    assert_eq!(shown()["reason"], "there is no such interface");
    let carried = run_output(router, "ip link show other0");
    assert!(!carried.contains("xdp"), "{carried}");
    run(router, &format!("ip link set other0 name {SECOND}"));
    comes_back("was renamed");
    is_native();

    run(router, &format!("ip link del {SECOND}"));
    connect_second(&lab);
    comes_back("was made again");
    is_native();

    none_is_lost(&lab, pings);
    let logged = lab.router().unwrap().logged();
    for line in [
        "eth2 is called other0 now; the configuration means a NIC called eth2",
        "eth2 is there",
        "eth2 is gone",
    ] {
        assert!(logged.contains(line), "{line}\n{logged}");
    }
    let pinned = links::of(lab.names.router_device()).unwrap();
    assert_eq!(
        pinned.len(),
        6,
        "of each NIC two, of the device one, and none of what has gone: {pinned:?}"
    );
}

fn run_output(inside: &Inside, line: &str) -> String {
    inside.run(line).unwrap()
}

/// The device follows its smallest uplink, and a host what the router advertises.
#[test]
fn the_mtu_of_an_uplink_is_followed_to_the_hosts() {
    let mut lab = configured(Xdp::Auto);
    let pings = start_pings(&lab, HOST_B);
    let mtu = |inside: &Inside, device: &str| {
        let link = inside.run(&format!("ip link show {device}")).unwrap();
        let mut words = link.split_whitespace().skip_while(|word| *word != "mtu");
        words.nth(1).unwrap().to_owned()
    };
    for nic in [1400, 1500, 1290] {
        lab.site
            .router
            .run(&format!("ip link set {UPLINK} mtu {nic}"))
            .unwrap();
        let wanted = (nic - 20).max(1280).to_string();
        let device = lab.names.router_device();
        let followed = within(PATIENCE, || {
            (mtu(&lab.site.router, device) == wanted).then_some(())
        });
        assert!(
            followed.is_some(),
            "{nic}: {}",
            mtu(&lab.site.router, device)
        );
        lab.host_a_mut().unwrap().stop().unwrap();
        lab.host_a_mut().unwrap().resume().unwrap();
        let device = lab.names.host_a_device();
        let told = within(PATIENCE, || {
            (mtu(&lab.site.host_a, device) == wanted).then_some(())
        });
        assert!(told.is_some(), "{nic}: {}", mtu(&lab.site.host_a, device));
    }
    none_is_lost(&lab, pings);
}

fn seconds_of_cpu(router: &Daemon) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", router.pid().unwrap())).unwrap();
    let after_name = stat.rsplit(')').next().unwrap();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks
        .map(|ticks| ticks.parse::<f64>().unwrap())
        .sum::<f64>()
        / 100.0
}

/// A routing daemon adds and removes thousands of routes, one by one.
#[test]
fn routes_of_others_leave_the_daemon_idle_and_the_packets_flowing() {
    let lab = configured(Xdp::Auto);
    let router = lab.router().unwrap();
    let mut batch = String::new();
    for verb in ["add", "del"] {
        for number in 0..1000 {
            writeln!(batch, "route {verb} 2001:db8:e:{number:x}::/64 dev eth1").unwrap();
        }
    }
    let file = lab.file("routes");
    fs::write(&file, batch).unwrap();
    let pings = start_pings(&lab, HOST_A);
    let (before, start) = (seconds_of_cpu(router), Instant::now());
    for _ in 0..5 {
        lab.site
            .router
            .run(&format!("ip -6 -batch {}", file.display()))
            .unwrap();
    }
    interrupt::sleep(Duration::from_secs(2)).unwrap();
    let (used, took) = (seconds_of_cpu(router) - before, start.elapsed());
    println!("10000 changes in {took:?}: {used} s of the processor");
    assert!(used < 0.3, "{used} s of {took:?}");
    none_is_lost(&lab, pings);
}

/// While the daemon sleeps, more happens than the kernel can tell it.
#[test]
fn after_lost_news_everything_is_read_anew() {
    let lab = configured(Xdp::Auto);
    let router = lab.router().unwrap();
    let pid = Pid::from_raw(i32::try_from(router.pid().unwrap()).unwrap());
    kill(pid, Signal::SIGSTOP).unwrap();
    let mut batch = String::new();
    for number in 0..20_000_u32 {
        let [_, _, high, low] = number.to_be_bytes();
        writeln!(batch, "route add 198.18.{high}.{low}/32 dev lo").unwrap();
    }
    let file = lab.file("storm");
    fs::write(&file, batch).unwrap();
    lab.site
        .router
        .run(&format!("ip -batch {}", file.display()))
        .unwrap();
    // Nobody will tell of this.
    for line in [
        "ip addr del 10.9.0.2/24 dev eth0",
        "ip addr add 10.9.0.77/24 dev eth0",
        "ip route add default via 10.9.0.1",
    ] {
        lab.site.router.run(line).unwrap();
    }
    kill(pid, Signal::SIGCONT).unwrap();
    let device = router.device();
    let read = within(PATIENCE, || {
        let shown = lab
            .site
            .router
            .run(&format!("ip -6 addr show dev {device}"))
            .ok()?;
        (shown.contains("fe80::5efe:a09:4d/") && !shown.contains("5efe:a09:2/")).then_some(())
    });
    assert!(read.is_some(), "{}", router.logged());
    assert!(router.logged().contains("news from the kernel were lost"));
}

/// Another locator: the host that asks there is served, with the packets of the other uplink flowing.
#[test]
fn another_local_takes_the_place_of_the_old_one() {
    let mut lab = two_uplinks(Xdp::Auto);
    addressed(&lab);
    let device = lab.names.router_device().to_owned();
    let both = router_between(&[UPLINK, SECOND], &[NATIVE], &device, Xdp::Auto);
    let router = lab.router_mut().unwrap();
    let local = format!("local = \"{SECOND_LOCATOR}\"\n[datapath]");
    router
        .configure(&both.replace("[datapath]", &local))
        .unwrap();
    router.reload().unwrap();
    let shown = lab
        .site
        .router
        .run(&format!("ip -6 addr show dev {device}"))
        .unwrap();
    assert!(!shown.contains("5efe:a09:2/"), "{shown}");
    let b = isatap_address(HOST_B).to_string();
    assert!(reaches(&lab.site.server, &b));
    assert!(hears_nothing(&lab.site.host_a, &SERVER.to_string()));
    let router = lab.router_mut().unwrap();
    router.configure(&both).unwrap();
    router.reload().unwrap();
    everybody_reaches_everybody(&lab);
}
