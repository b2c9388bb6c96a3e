use super::*;

fn desired() -> Desired {
    let address = AddressSpec {
        prefix_len: 64,
        preferred: None,
        valid: None,
    };
    Desired {
        name: "isatap0".into(),
        mtu: 1480,
        addresses: BTreeMap::from([("fe80::5efe:a01:2".parse().unwrap(), address)]),
        routes: BTreeMap::from([(
            "2001:db8:0:1::/64".parse().unwrap(),
            RouteSpec {
                gateway: None,
                preference: Preference::Medium,
            },
        )]),
        settings: BTreeMap::from([("net/ipv6/conf/isatap0/accept_ra".into(), "0".into())]),
    }
}

fn satisfied() -> Observed {
    let desired = desired();
    Observed {
        device: Some(DeviceState {
            mtu: 1480,
            up: true,
            generates_addresses: false,
        }),
        addresses: desired.addresses,
        routes: desired.routes,
        settings: desired.settings,
    }
}

fn lines(desired: &Desired, observed: &Observed) -> Vec<String> {
    diff(desired, observed, Duration::ZERO)
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn from_nothing_everything_is_made_in_order() {
    assert_eq!(
        lines(&desired(), &Observed::default()),
        [
            "create TUN device isatap0",
            "make no addresses on isatap0 by itself",
            "set net/ipv6/conf/isatap0/accept_ra to 0",
            "set MTU of isatap0 to 1480",
            "set isatap0 up",
            "add address fe80::5efe:a01:2/64 to isatap0, preferred for ever, valid for ever",
            "add route to 2001:db8:0:1::/64 on isatap0",
        ]
    );
}

#[test]
fn nothing_is_done_where_nothing_differs() {
    assert_eq!(lines(&desired(), &satisfied()), Vec::<String>::new());
}

#[test]
fn what_is_no_longer_wanted_goes_routes_first() {
    let mut wanted = desired();
    wanted.addresses.clear();
    wanted.routes.clear();
    assert_eq!(
        lines(&wanted, &satisfied()),
        [
            "remove route to 2001:db8:0:1::/64 from isatap0",
            "remove address fe80::5efe:a01:2/64 from isatap0",
        ]
    );
}

#[test]
fn lifetimes_within_the_slack_are_equal() {
    let with = |seconds| {
        let until = Some(Duration::from_secs(seconds));
        let spec = AddressSpec {
            prefix_len: 64,
            preferred: until,
            valid: until,
        };
        BTreeMap::from([("2001:db8::1".parse().unwrap(), spec)])
    };
    let wanted = Desired {
        addresses: with(100),
        ..desired()
    };
    let about = Observed {
        addresses: with(102),
        ..satisfied()
    };
    assert_eq!(diff(&wanted, &about, Duration::ZERO), []);
    let other = Observed {
        addresses: with(103),
        ..satisfied()
    };
    assert_eq!(diff(&wanted, &other, Duration::ZERO).len(), 1);
}

#[test]
fn another_gateway_takes_the_place_of_the_present_one() {
    let route = |gateway: &str| RouteSpec {
        gateway: Some(gateway.parse().unwrap()),
        preference: Preference::Medium,
    };
    let routes = |gateway| BTreeMap::from([(Ipv6Net::default(), route(gateway))]);
    let wanted = Desired {
        routes: routes("fe80::5efe:a09:3"),
        ..desired()
    };
    let observed = Observed {
        routes: routes("fe80::5efe:a09:2"),
        ..satisfied()
    };
    assert_eq!(
        lines(&wanted, &observed),
        ["add route to ::/0 via fe80::5efe:a09:3 on isatap0"]
    );
}
