//! A host's IPv4 address becomes another one, or leaves one NIC for another, while packets flow.

use isatap_tests::{
    pings::Outage,
    site::{UPLINK, wire},
    solicitations::{Moment, Solicitations},
};
use nix::sys::signal::Signal;

use super::*;

/// Within a second if the machine has time; time alone does not decide, but in the virtual machine
/// (`silent-router`), whose clock counts instructions.
const LIMIT: Duration = PATIENCE;
/// Questions to one router are four seconds apart, so one that is sooner would have to wait.
const REST: Duration = Duration::from_millis(4200);

/// A host with two NICs, of which the first has an address.
fn lab_of_two_nics() -> Lab {
    let mut lab = lab();
    wire((&lab.site.host_a, "eth1"), (&lab.site.core, "to-a2")).unwrap();
    lab.site.host_a.run("ethtool -K eth1 tx off").unwrap();
    for line in ["8.1.0.1/24 dev to-a", "10.4.0.1/24 dev to-a2"] {
        lab.site.core.run(&format!("ip addr add {line}")).unwrap();
    }
    lab.start_router(Xdp::Auto).unwrap();
    let config = isatap_tests::config::host(lab.names.host_a_device());
    let one = format!("[\"{UPLINK}\"]");
    lab.start_host_a_by(&config.replace(&one, "[\"eth0\", \"eth1\"]"))
        .unwrap();
    assert!(reaches_server(&lab, LIMIT));
    lab
}

/// Whether that comes to be; where there is no address yet ping fails at once.
fn reaches_server(lab: &Lab, limit: Duration) -> bool {
    let answered = || ping(&lab.site.host_a, &SERVER.to_string(), 3, 0.05).ok();
    within(limit, || answered().filter(|pings| pings.lost() == 0)).is_some()
}

/// What the host's device has embedded: the last 32 bits of each address, and whether the u bit is set.
fn embedded(lab: &Lab) -> Vec<(bool, Ipv4Addr)> {
    let device = lab.names.host_a_device();
    let words = format!("ip -6 -o addr show dev {device}");
    let shown = lab.site.host_a.run(&words).unwrap();
    let addresses = shown.lines().filter_map(|line| {
        let address = line.split_whitespace().nth(3)?.split('/').next()?;
        let bits = address.parse::<std::net::Ipv6Addr>().ok()?.to_bits();
        let is_deprecated = line.contains("deprecated");
        let usable = (bits >> 57 & 1 != 0, Ipv4Addr::from_bits(bits as u32));
        (!is_deprecated).then_some(usable)
    });
    addresses.collect()
}

/// The host's packets flow, `lines` happen in it, and it is `new` afterwards and nobody else.
fn becomes(lab: &Lab, name: &str, (is_global, new): (bool, Ipv4Addr), lines: &[&str]) {
    let host = &lab.site.host_a;
    let log = lab.file(&format!("{name}.pings"));
    let words = format!("ping -n -D -i 0.02 -W 1 {SERVER}");
    let mut pings = host.start(&words, &log).unwrap();
    let questions = Solicitations::watch(host, &lab.file(&format!("{name}.questions"))).unwrap();
    interrupt::sleep(REST).unwrap();
    let mut since = Moment::now().unwrap();
    for line in lines {
        // The moment at which the host could first know.
        since = if line.starts_with("ip addr") {
            Moment::now().unwrap()
        } else {
            since
        };
        host.run(line).unwrap();
    }
    let is_followed = || {
        let shown = embedded(lab);
        let is_new = |one: &(bool, Ipv4Addr)| *one == (is_global, new);
        (shown.len() == 2 && shown.iter().all(is_new)).then(|| since.elapsed().unwrap())
    };
    let followed = within(LIMIT, is_followed);
    assert!(followed.is_some(), "{name}: {:?}", embedded(lab));
    let asked = within(LIMIT, || questions.first(new, since));
    assert!(asked.is_some(), "{name}: {}", questions.printed());
    assert!(reaches_server(lab, LIMIT), "{name}: no way to the server");
    let status = lab.host_a().unwrap().json(&["status"]).unwrap();
    let locators = status.get("locators").and_then(|all| all.as_array());
    assert_eq!(locators.map(Vec::len), Some(1), "{name}: {status}");
    let locator = status.pointer("/locators/0/ipv4").unwrap();
    assert_eq!(locator, &new.to_string(), "{name}");
    pings.signal(Signal::SIGINT).unwrap();
    pings.wait(LIMIT).unwrap().unwrap();
    let Outage { lost, time } = Outage::parse(&pings.printed()).unwrap();
    println!(
        "{name}: new addresses after {:.2?}, asked after {:.2?}; {lost} pings lost, {time:.2?} without one",
        followed.unwrap(),
        asked.unwrap(),
    );
}

/// As DHCP clients do it: old out and new in, new in and old out, with a secondary address that is
/// promoted; a private address and a public one, by turns.
#[test]
fn another_lease_moves_the_addresses_while_packets_flow() {
    let lab = lab_of_two_nics();
    let first = Ipv4Addr::new(10, 1, 0, 77);
    becomes(
        &lab,
        "old out, new in",
        (false, first),
        &[
            "ip addr del 10.1.0.2/24 dev eth0",
            "ip addr add 10.1.0.77/24 dev eth0",
            "ip route add default via 10.1.0.1",
        ],
    );
    let public = Ipv4Addr::new(8, 1, 0, 2);
    becomes(
        &lab,
        "public in, private out",
        (true, public),
        &[
            "ip addr add 8.1.0.2/24 dev eth0",
            "ip route replace default via 8.1.0.1",
            "ip addr del 10.1.0.77/24 dev eth0",
        ],
    );
    becomes(
        &lab,
        "public out, private in",
        (false, HOST_A),
        &[
            "ip addr del 8.1.0.2/24 dev eth0",
            "ip addr add 10.1.0.2/24 dev eth0",
            "ip route add default via 10.1.0.1",
        ],
    );
    let promoted = Ipv4Addr::new(10, 1, 0, 88);
    becomes(
        &lab,
        "new in, old out",
        (false, promoted),
        &[
            "sysctl -q -w net.ipv4.conf.eth0.promote_secondaries=1",
            "ip addr add 10.1.0.88/24 dev eth0",
            "ip addr del 10.1.0.2/24 dev eth0",
            "ip route replace default via 10.1.0.1",
        ],
    );
}

/// The cable is put into the other socket: the address goes and comes there.
#[test]
fn an_address_that_returns_on_another_nic_is_used_there() {
    let lab = lab_of_two_nics();
    let gone = "ip addr del 10.1.0.2/24 dev eth0";
    lab.site.host_a.run(gone).unwrap();
    let nothing = within(LIMIT, || embedded(&lab).is_empty().then_some(()));
    assert!(nothing.is_some(), "{:?}", embedded(&lab));
    for line in ["del 10.1.0.1/24 dev to-a", "add 10.1.0.1/24 dev to-a2"] {
        lab.site.core.run(&format!("ip addr {line}")).unwrap();
    }
    becomes(
        &lab,
        "back on eth1",
        (false, HOST_A),
        &[
            "ip addr add 10.1.0.2/24 dev eth1",
            "ip route add default via 10.1.0.1",
        ],
    );
    becomes(
        &lab,
        "another subnet on eth1",
        (false, Ipv4Addr::new(10, 4, 0, 2)),
        &[
            "ip addr del 10.1.0.2/24 dev eth1",
            "ip addr add 10.4.0.2/24 dev eth1",
            "ip route add default via 10.4.0.1",
        ],
    );
    let status = lab.host_a().unwrap().json(&["status"]).unwrap();
    assert_eq!(status["locators"][0]["interface"], "eth1");
}
