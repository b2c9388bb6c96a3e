//! `diff` and `Action` without a kernel.

use std::time::Duration;

use super::super::{Action, diff};
use super::*;

const NOW: Boottime = Duration::from_secs(1_000_000);

fn text(actions: &[Action]) -> Vec<String> {
    actions.iter().map(ToString::to_string).collect()
}

#[test]
fn from_nothing_everything_is_made_in_order() {
    let actions = diff(
        &desired(NOW),
        &Observed {
            at: NOW,
            ..Observed::default()
        },
    );
    let expected = [
        "create TUN device isatap0",
        "stop generating addresses for isatap0",
        "set net/ipv6/conf/isatap0/forwarding to 1",
        "set the MTU of isatap0 to 1480",
        "set isatap0 up",
        "add address 2001:db8::5efe:a00:1/64 to isatap0, valid 30d, preferred 7d",
        "add address fe80::5efe:a00:1/64 to isatap0, valid forever",
        "add route ::/0 via fe80::5efe:a00:2 metric 512 pref medium dev isatap0",
        "add route fe80::/64 metric 512 pref medium dev isatap0",
    ];
    assert_eq!(text(&actions), expected);
}

#[test]
fn a_deprecated_address_is_made_so_that_nobody_speaks_from_it() {
    let mut desired = desired(NOW);
    let deprecated = AddressSpec {
        preferred: Some(NOW),
        ..AddressSpec::lasting(64)
    };
    let twin = ip("fe80::200:5efe:a00:1");
    desired.addresses.insert(twin, deprecated);
    let mut observed = fulfilled(&desired, NOW);
    observed.addresses.clear();
    let order = |desired: &Desired| -> Vec<_> {
        let actions = diff(desired, &observed).into_iter();
        let added = actions.filter_map(|action| match action {
            Action::AddAddress { address, .. } => Some(address),
            _ => None,
        });
        added.collect()
    };
    let others = ["2001:db8::5efe:a00:1", "fe80::5efe:a00:1"].map(ip);
    assert_eq!(order(&desired), [twin, others[0], others[1]]);
    desired.speaker = Speaker::Kernel;
    assert_eq!(order(&desired), [others[0], others[1], twin]);
}

#[test]
fn what_is_there_needs_nothing() {
    let desired = desired(NOW);
    let mut observed = fulfilled(&desired, NOW);
    assert_eq!(diff(&desired, &observed), []);
    observed.at += DAY;
    assert_eq!(diff(&desired, &observed), [], "time passes for both alike");
}

#[test]
fn every_deviation_is_put_right() {
    let desired = desired(NOW);
    let mut observed = fulfilled(&desired, NOW);
    observed.device = Some(DeviceState {
        mtu: 1500,
        up: false,
        generates_addresses: true,
    });
    observed.sysctls.insert(FORWARDING.into(), "0".into());
    let found = observed.addresses.get_mut(&ip("2001:db8::5efe:a00:1"));
    found.unwrap().valid = Some(NOW + DAY);
    let stray = AddressSpec::lasting(64);
    observed.addresses.insert(ip("2001:db8:f::1"), stray);
    observed.routes.insert(route("2001:db8:f::/64", None));
    let expected = [
        "stop generating addresses for isatap0",
        "set net/ipv6/conf/isatap0/forwarding to 1, was 0",
        "set the MTU of isatap0 to 1480, was 1500",
        "set isatap0 up",
        "remove route 2001:db8:f::/64 metric 512 pref medium dev isatap0",
        "remove address 2001:db8:f::1/64 from isatap0",
        "refresh address 2001:db8::5efe:a00:1/64 on isatap0, valid 30d, preferred 7d",
    ];
    assert_eq!(text(&diff(&desired, &observed)), expected);
}

#[test]
fn another_router_takes_over_before_the_old_one_goes() {
    let desired = desired(NOW);
    let mut observed = fulfilled(&desired, NOW);
    observed.routes = [route("::/0", Some("fe80::5efe:a00:9"))].into();
    let expected = [
        "add route ::/0 via fe80::5efe:a00:2 metric 512 pref medium dev isatap0",
        "remove route ::/0 via fe80::5efe:a00:9 metric 512 pref medium dev isatap0",
        "add route fe80::/64 metric 512 pref medium dev isatap0",
    ];
    assert_eq!(text(&diff(&desired, &observed)), expected);
}

#[test]
fn a_path_that_cannot_exist_twice_goes_before_it_comes() {
    let desired = desired(NOW);
    let mut observed = fulfilled(&desired, NOW);
    let old = RouteSpec {
        preference: Preference::High,
        ..route("::/0", Some("fe80::5efe:a00:2"))
    };
    observed.routes = [route("fe80::/64", None), old].into();
    let expected = [
        "remove route ::/0 via fe80::5efe:a00:2 metric 512 pref high dev isatap0",
        "add route ::/0 via fe80::5efe:a00:2 metric 512 pref medium dev isatap0",
    ];
    assert_eq!(text(&diff(&desired, &observed)), expected);
}

#[test]
fn what_others_made_is_left_alone_and_counts() {
    let desired = desired(NOW);
    let mut observed = fulfilled(&desired, NOW);
    observed.other_addresses = observed.addresses.keys().copied().collect();
    observed.other_addresses.insert(ip("2001:db8:a::1"));
    observed.addresses.clear();
    observed.other_routes = observed.routes.iter().cloned().collect();
    observed.other_routes.insert(route("2001:db8:a::/64", None));
    observed.routes.clear();
    assert_eq!(diff(&desired, &observed), []);
}

#[test]
fn an_address_at_its_end_is_removed_and_never_added() {
    let desired = desired(NOW);
    let global = ip("2001:db8::5efe:a00:1");
    let mut observed = fulfilled(&desired, NOW + 31 * DAY);
    let expected = ["remove address 2001:db8::5efe:a00:1/64 from isatap0"];
    assert_eq!(text(&diff(&desired, &observed)), expected);
    observed.addresses.remove(&global);
    assert_eq!(diff(&desired, &observed), []);
}

#[test]
fn an_address_of_another_length_is_made_anew() {
    let desired = desired(NOW);
    let mut observed = fulfilled(&desired, NOW);
    let address = ip("fe80::5efe:a00:1");
    observed
        .addresses
        .insert(address, AddressSpec::lasting(128));
    let expected = [
        "remove address fe80::5efe:a00:1/128 from isatap0",
        "add address fe80::5efe:a00:1/64 to isatap0, valid forever",
    ];
    assert_eq!(text(&diff(&desired, &observed)), expected);
}

#[test]
fn a_deprecated_address_stays_as_it_is() {
    let mut desired = desired(NOW);
    let wanted = desired.addresses.get_mut(&ip("2001:db8::5efe:a00:1"));
    wanted.unwrap().preferred = Some(NOW.saturating_sub(DAY));
    let mut observed = fulfilled(&desired, NOW);
    let found = observed.addresses.get_mut(&ip("2001:db8::5efe:a00:1"));
    found.unwrap().preferred = Some(NOW);
    assert_eq!(diff(&desired, &observed), []);
}

#[test]
fn the_inverse_of_the_inverse_is_the_action() {
    let mut observed = fulfilled(&desired(NOW), NOW);
    observed.routes.insert(route("2001:db8:f::/64", None));
    observed.device.as_mut().unwrap().mtu = 1500;
    observed.sysctls.insert(FORWARDING.into(), "0".into());
    observed.addresses.clear();
    for action in diff(&desired(NOW), &observed) {
        let back = action.inverse().unwrap();
        assert_ne!(back, action);
        assert_eq!(back.inverse().unwrap(), action);
    }
}

#[test]
fn programs_read_seconds_and_kebab_case() {
    let observed = fulfilled(&desired(NOW), NOW);
    let mut wanted = desired(NOW);
    wanted
        .routes
        .insert(route("2001:db8:1::/48", Some("fe80::5efe:a00:3")));
    let global = wanted.addresses.get_mut(&ip("2001:db8::5efe:a00:1"));
    global.unwrap().valid = None;
    let json = serde_json::to_value(diff(&wanted, &observed)).unwrap();
    let expected = serde_json::json!([
        {
            "action": "refresh-address",
            "device": "isatap0",
            "address": "2001:db8::5efe:a00:1",
            "prefix_len": 64,
            "lifetimes": {"preferred": 604_800, "valid": null},
            "before": {"preferred": 604_800, "valid": 2_592_000},
        },
        {
            "action": "add-route",
            "device": "isatap0",
            "route": {
                "destination": "2001:db8:1::/48",
                "gateway": "fe80::5efe:a00:3",
                "metric": 512,
                "preference": "medium",
            },
        },
    ]);
    assert_eq!(json, expected);
}

/// A router with `count` on-link prefixes, numbered from `first` on.
fn prefixes(first: u32, count: u32) -> Desired {
    let numbers = || first..first + count;
    let mut desired = desired(NOW);
    desired.addresses = numbers()
        .map(|n| {
            let address = ip(&format!("2001:db8:{n:x}::5efe:a00:1"));
            (address, AddressSpec::lasting(64))
        })
        .collect();
    desired.routes = numbers()
        .map(|n| route(&format!("2001:db8:{n:x}::/64"), None))
        .collect();
    desired
}

#[test]
fn a_plan_looks_at_each_route_once_or_twice() {
    let count = 1000;
    let (old, new) = (prefixes(0, count), prefixes(1, count));
    let mut observed = fulfilled(&old, NOW);
    observed.other_routes = prefixes(count + 1, count).routes;
    PATHS_ASKED_FOR.set(0);
    assert_eq!(diff(&new, &observed).len(), 4);
    let change = PATHS_ASKED_FOR.take();
    assert!(change <= 2 * count as usize, "{change}");
    observed.routes.clear();
    observed.addresses.clear();
    assert_eq!(diff(&new, &observed).len(), 2 * count as usize);
    let all = PATHS_ASKED_FOR.take();
    assert!(all <= 4 * count as usize, "{all}");
}

#[test]
fn steps_go_together_by_kind_only() {
    let mut observed = fulfilled(&prefixes(0, 9), NOW);
    observed.device.as_mut().unwrap().mtu = 1500;
    let actions = diff(&prefixes(5, 9), &observed);
    let runs: Vec<_> = actions
        .chunk_by(Action::goes_with)
        .map(|run| (run.len(), text(&run[..1]).concat()))
        .collect();
    let runs: Vec<_> = runs
        .iter()
        .map(|(count, first)| {
            let words: Vec<_> = first.split(' ').take(2).collect();
            (*count, words.join(" "))
        })
        .collect();
    let expected = [
        (1, "set the"),
        (5, "remove route"),
        (5, "remove address"),
        (5, "add address"),
        (5, "add route"),
    ];
    assert_eq!(
        runs,
        expected.map(|(count, words)| (count, words.to_owned()))
    );
}
