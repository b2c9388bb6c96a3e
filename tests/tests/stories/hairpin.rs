//! From one host of the link to another, by way of the router.

use super::*;

/// Redirects that the kernel sends at once; then it is one a second.
const BURST: usize = 6;

/// Each packet is forwarded once, and its sender hears now and then that there is a shorter way: from
/// the link-local address that it knows the router by, without a link-layer address (RFC 4861 section 8).
#[test]
fn a_host_is_told_of_the_shorter_way_to_another() {
    for xdp in [Xdp::Auto, Xdp::Off, Xdp::Forward] {
        let lab = configured(xdp);
        let log = lab.file("redirect.log");
        let filter = "-vv -Q in -i to-router ip proto 41";
        let capture = capture(&lab.site.core, filter, &log);
        let start = Instant::now();
        for _ in 0..20 {
            send(&lab);
        }
        within(PATIENCE, || {
            let all = forwarded(&capture) >= 20 && !redirects(&capture.printed()).is_empty();
            all.then_some(())
        });
        // None comes twice.
        interrupt::sleep(Duration::from_millis(500)).unwrap();
        let seconds = start.elapsed().as_secs() as usize;
        let printed = capture.printed();
        assert_eq!(forwarded(&capture), 20, "{xdp:?}: {printed}");
        let told = redirects(&printed);
        assert!(
            (1..=BURST + seconds).contains(&told.len()),
            "{xdp:?}: {printed}"
        );
        for redirect in told {
            assert!(redirect.contains("fe80::5efe:a09:2 > "), "{redirect}");
            assert!(
                redirect.contains(&isatap_address(HOST_A).to_string()),
                "{redirect}"
            );
            assert!(redirect.contains("hlim 255"), "{redirect}");
            assert!(!redirect.contains("link-address"), "{redirect}");
        }
        let counted = Stats::read(lab.host_a().unwrap()).unwrap();
        let taken = counted.packets(|count| count.direction == "in" && count.reason == "delivered");
        assert!(taken > 0);
        assert_eq!(counted.of_reason("nd_source"), 0, "the host takes it");
    }
}

/// From host a to host b, by way of the router, although both are on-link.
fn send(lab: &Lab) {
    let inner =
        Inner::new(isatap_address(HOST_A), isatap_address(HOST_B)).udp(4000, 7777, b"round");
    let outer = Outer::new(HOST_A, ROUTER);
    let packet = outer.packet(&inner.packet().unwrap()).unwrap();
    forge::send(&lab.site.host_a, ROUTER, &packet).unwrap();
}

fn forwarded(capture: &Process) -> usize {
    let printed = capture.printed();
    let lines = printed.lines().filter(|line| line.contains(".7777: "));
    lines.filter(|line| !line.contains("redirect")).count()
}

/// Each with the lines of its options.
fn redirects(printed: &str) -> Vec<String> {
    let packets = printed
        .split('\n')
        .fold(Vec::new(), |mut packets: Vec<String>, line| {
            match packets.last_mut() {
                Some(last) if line.starts_with(char::is_whitespace) => {
                    last.push('\n');
                    last.push_str(line);
                }
                _ => packets.push(line.to_owned()),
            }
            packets
        });
    let redirects = packets.into_iter();
    redirects
        .filter(|packet| packet.contains("redirect, "))
        .collect()
}
