mod learning;
mod random;
mod soliciting;

use isatap_common::nd::{
    DnsServers, DomainName, Lifetime, Preference, Prefix, PrefixInformation, RouteInformation,
    SearchList,
};

use super::*;

const HOST: [u8; 4] = [10, 0, 0, 5];
const R1: [u8; 4] = [10, 0, 0, 1];
const R2: [u8; 4] = [10, 0, 0, 2];
const PUBLIC: [u8; 4] = [8, 8, 8, 8];
const START: Duration = Duration::from_secs(1000);

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn link_local(form: Form, ipv4: [u8; 4]) -> Ipv6Addr {
    addr::link_local(form, ipv4).into()
}

fn prefix(text: &str) -> Prefix {
    let (address, length) = text.split_once('/').unwrap();
    Prefix::new(address.parse().unwrap(), length.parse().unwrap()).unwrap()
}

fn information(text: &str, valid: u32, preferred: u32) -> PrefixInformation {
    PrefixInformation {
        prefix: prefix(text),
        on_link: true,
        autonomous: true,
        valid: Lifetime::from_wire(valid),
        preferred: Lifetime::from_wire(preferred),
    }
}

fn advert() -> RouterAdvert {
    RouterAdvert {
        hop_limit: 64,
        lifetime: 1800,
        mtu: Some(1280),
        prefixes: vec![information("2001:db8:0:1::/64", 86_400, 14_400)],
        ..RouterAdvert::default()
    }
}

fn host(routers: &[[u8; 4]]) -> Solicitor {
    let mut host = Solicitor::new(Settings::default(), 7);
    host.set_locator(Some(HOST.into()));
    host.set_routers(&routers.iter().map(|router| (*router).into()).collect());
    host
}

/// A host that has just asked all of `routers`.
fn asked(routers: &[[u8; 4]]) -> Solicitor {
    let mut host = host(routers);
    host.poll(Duration::from_secs(999));
    assert_eq!(host.poll(START).len(), routers.len());
    host
}

fn tell(
    host: &mut Solicitor,
    now: Boottime,
    from: [u8; 4],
    advert: &RouterAdvert,
) -> Result<(), Refusal> {
    let source = link_local(Form::of(from), from);
    let to = link_local(Form::Local, HOST);
    let messages = advert.encode(source, to, u16::MAX);
    host.advertised(now, source, to, Some(255), &messages[0])
}
