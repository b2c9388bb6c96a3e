//! A router sends only to hosts that it has heard from, and asks the others first.

use std::{
    net::{Ipv6Addr, UdpSocket},
    ops::Range,
};

use isatap_tests::{
    exec,
    pings::start_ping,
    site::UPLINK,
    traffic::{Amount, Way, tcp},
};

use nix::sys::signal::Signal;

use super::*;

/// Hosts per second that are probed, and as many more at once.
const RATE: u64 = 50;
const BURST: u64 = RATE / 5;

/// What comes for a host that has said nothing waits for one exchange, and arrives.
#[test]
fn a_server_reaches_a_host_that_was_not_heard_from() {
    for xdp in [Xdp::Auto, Xdp::Off, Xdp::Forward] {
        let lab = configured(xdp);
        let to = isatap_address(HOST_A).to_string();
        forget(&lab, HOST_A);
        let before = Stats::read(lab.router().unwrap()).unwrap();
        let pings = ping(&lab.site.server, &to, 1, 60.0).unwrap();
        let counted = Stats::read(lab.router().unwrap()).unwrap().since(&before);
        assert_eq!(pings.lost(), 0, "{:?}", counted.lines());
        assert_eq!(counted.of_reason("sent"), 1, "{:?}", counted.lines());

        forget(&lab, HOST_A);
        let (server, host) = (&lab.site.server, &lab.site.host_a);
        let (amount, log) = (Amount::Octets(1_000_000), lab.file("iperf3.log"));
        let rate = tcp(server, host, &to, Way::Upload, amount, &log).unwrap();
        assert!(rate > 1e6, "{xdp:?}: {rate}");
    }
}

/// The sender hears that nobody is there, and the next packets cost nothing for a while.
#[test]
fn a_host_that_does_not_answer_is_unreachable() {
    let lab = configured(Xdp::Auto);
    let nobody = isatap_address(Ipv4Addr::new(10, 2, 0, 99)).to_string();
    let before = Stats::read(lab.router().unwrap()).unwrap();
    let words = format!("ping -n -i 0.1 {nobody}");
    let log = lab.file("nobody.log");
    let pings = lab.site.server.start(&words, &log).unwrap();
    let since = || Stats::read(lab.router().unwrap()).unwrap().since(&before);
    let of = |layer: &str, reason: &str| {
        since().packets(|count| count.layer == layer && count.reason == reason)
    };
    let silent = within(PATIENCE, || (of("xdp", "silent") > 10).then_some(()));
    pings.stop(Signal::SIGINT, PATIENCE).unwrap();
    let printed = std::fs::read_to_string(&log).unwrap();
    let lines = since().lines().join("\n");
    assert!(silent.is_some(), "{lines}\n{printed}");
    let errors = printed.matches("Address unreachable").count();
    assert!((1..=3).contains(&errors), "{printed}");
    // Three wait for the answer, and the next ones find no place.
    assert_eq!(of("tc", "unheard"), 3, "{lines}");
    assert!(since().of_reason("probe_queue") > 0, "{lines}");
}

/// Whoever sends to every address of a /16 has the router ask for few of them, and hosts that were
/// heard from do not notice. Without the check it asks for all (RFC 6583).
#[test]
fn a_sweep_over_a_site_asks_for_few_addresses() {
    let mut lab = lab();
    // Every address of the sweep is a neighbour of the router.
    for change in ["del 10.9.0.2/24", "add 10.9.0.2/16"] {
        let line = format!("ip addr {change} dev {UPLINK}");
        lab.site.router.run(&line).unwrap();
    }
    lab.site
        .router
        .run("ip route replace default via 10.9.0.1")
        .unwrap();
    steps::solicit(&mut lab, Xdp::Auto).unwrap();
    steps::configure(&mut lab, Xdp::Auto).unwrap();

    let log = lab.file("ping.log");
    let pings = start_ping(&lab.site.server, isatap_address(HOST_A), &log).unwrap();
    let before = Stats::read(lab.router().unwrap()).unwrap();
    let start = Instant::now();
    sweep(&lab, 0..65_536);
    let asked = within(PATIENCE, || {
        Some(neighbors(&lab)).filter(|asked| *asked > BURST)
    });
    let asked = asked.expect("few are asked for, and not so few");
    let tenths = start.elapsed().as_millis() as u64 / 100 + 1;
    let counted = Stats::read(lab.router().unwrap()).unwrap().since(&before);
    println!(
        "{asked} asked for in {:?}\n{}",
        start.elapsed(),
        counted.lines().join("\n")
    );
    assert!(asked <= RATE * tenths / 10 + BURST + 1, "{asked}");
    assert!(
        counted.of_reason("probe_limit") > 50_000,
        "{:?}",
        counted.lines()
    );
    let pings = pings.end().unwrap();
    assert_eq!(pings.lost(), 0, "of a host that was heard from");

    let config = isatap_tests::config::router(lab.names.router_device(), Xdp::Auto);
    let config = config.replace("[datapath]", "[datapath]\nneighbor-check = false");
    let router = lab.router_mut().unwrap();
    router.configure(&config).unwrap();
    router.reload().unwrap();
    // Not more, because all namespaces of the machine share 1024 places.
    sweep(&lab, 256..656);
    let asked = neighbors(&lab);
    println!("{asked} asked for without the check");
    assert!(asked > 380, "{asked}");
}

/// Without the daemon nobody asks: hosts that were heard from go on, and others have to speak first.
#[test]
fn without_the_daemon_a_host_has_to_speak_first() {
    let mut lab = configured(Xdp::Auto);
    lab.router_mut().unwrap().kill().unwrap();
    forget(&lab, HOST_A);
    let [a, b] = [HOST_A, HOST_B].map(|host| isatap_address(host).to_string());
    assert!(reaches(&lab.site.server, &b));
    assert!(hears_nothing(&lab.site.server, &a));
    assert!(reaches(&lab.site.host_a, &SERVER.to_string()));
    assert!(reaches(&lab.site.server, &a));
    lab.router_mut().unwrap().resume().unwrap();
}

/// As if the host had been silent for longer than it counts as heard from.
fn forget(lab: &Lab, host: Ipv4Addr) {
    let pin = pins::map(lab.names.router_device(), "PEERS").unwrap();
    let key = host.octets().map(|octet| octet.to_string()).join(" ");
    let line = format!("bpftool map delete pinned {} key {key}", pin.display());
    exec::line(&line).unwrap();
    // What is in the caches is believed for a second.
    interrupt::sleep(Duration::from_millis(1200)).unwrap();
}

/// One packet to each address from 10.9.0.0 on.
fn sweep(lab: &Lab, addresses: Range<u32>) {
    let first = u32::from(Ipv4Addr::new(10, 9, 0, 0));
    let send = || {
        let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))?;
        for address in addresses {
            let host = isatap_address(Ipv4Addr::from(first + address));
            // What an earlier packet met is told in place of sending.
            let _ = socket.send_to(b"sweep", (host, 9));
        }
        Ok(())
    };
    lab.site.server.enter(send).unwrap();
}

/// IPv4 addresses that the router asks its uplink for, or has asked for.
fn neighbors(lab: &Lab) -> u64 {
    let shown = lab
        .site
        .router
        .run(&format!("ip -4 neigh show nud all dev {UPLINK}"));
    let shown = shown.unwrap();
    let asked = shown.lines().filter(|line| !line.contains("NOARP"));
    asked.count() as u64
}
