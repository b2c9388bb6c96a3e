//! Observe, decide, apply and observe again, against the kernel.

use nix::errno::Errno;

use super::super::{Action, apply, apply_all, diff, observe, undo};
use super::*;
use crate::clock;
use crate::kernel::addresses::Lifetimes;
use crate::kernel::routes::{Beside, Ipv6Route, RT_TABLE_MAIN};
use crate::kernel::{Change, Error, Netlink, netns, tun};

/// Takes every step from what there is to `desired`.
async fn reach(netlink: &Netlink, desired: &Desired) -> Vec<Action> {
    let observed = observe(netlink, desired).await.unwrap();
    let actions = diff(desired, &observed);
    let mut taken = Vec::new();
    let applied = apply_all(netlink, &actions, &mut taken).await;
    applied.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(taken, actions);
    actions
}

#[test]
fn one_round_reaches_the_goal_from_anywhere() {
    netns::in_new(|| async {
        let netlink = Netlink::connect().unwrap();
        let mut goal = desired(clock::now());
        assert_eq!(reach(&netlink, &goal).await.len(), 9);
        assert_eq!(reach(&netlink, &goal).await, []);
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        assert_eq!(reach(&netlink, &goal).await, []);

        goal.device.mtu = 1400;
        goal.addresses.remove(&ip("fe80::5efe:a00:1"));
        let renumbered = ip("fe80::5efe:a00:7");
        goal.addresses.insert(renumbered, AddressSpec::lasting(64));
        let global = goal.addresses.get_mut(&ip("2001:db8::5efe:a00:1"));
        global.unwrap().preferred = Some(Duration::ZERO);
        goal.routes = [
            route("fe80::/64", None),
            route("::/0", Some("fe80::5efe:a00:3")),
            route("::/0", Some("fe80::5efe:a00:4")),
        ]
        .into();
        reach(&netlink, &goal).await;
        assert_eq!(reach(&netlink, &goal).await, []);

        let index = netlink.link("isatap0").await.unwrap().unwrap().index;
        netlink.set_up(index, false).await.unwrap();
        assert!(!reach(&netlink, &goal).await.is_empty());
        assert_eq!(reach(&netlink, &goal).await, []);
    });
}

#[test]
fn undoing_a_first_start_leaves_nothing() {
    netns::in_new(|| async {
        let netlink = Netlink::connect().unwrap();
        let actions = reach(&netlink, &desired(clock::now())).await;
        let errors = undo(&netlink, &actions).await;
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(netlink.link("isatap0").await.unwrap(), None);
    });
}

#[test]
fn undoing_a_change_restores_what_was_there() {
    netns::in_new(|| async {
        let netlink = Netlink::connect().unwrap();
        let first = desired(clock::now());
        reach(&netlink, &first).await;
        let mut second = first.clone();
        second.device.mtu = 1300;
        second.addresses.clear();
        second.routes = [route("::/0", Some("fe80::5efe:a00:3"))].into();
        second.sysctls = vec![(FORWARDING.into(), "0".into())];
        let actions = reach(&netlink, &second).await;
        let errors = undo(&netlink, &actions).await;
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(reach(&netlink, &first).await, []);
    });
}

#[test]
fn what_an_administrator_adds_stays() {
    netns::in_new(|| async {
        let netlink = Netlink::connect().unwrap();
        let goal = desired(clock::now());
        reach(&netlink, &goal).await;
        let index = netlink.link("isatap0").await.unwrap().unwrap().index;
        let theirs = Ipv6Route {
            destination: "2001:db8:a::/48".parse().unwrap(),
            gateway: Some(ip("fe80::5efe:a00:8")),
            metric: 1024,
            protocol: 4,
            preference: Preference::Medium,
            table: RT_TABLE_MAIN,
        };
        let added = netlink
            .change(Change::add_route(index, &theirs, Beside::Refused))
            .await;
        added.unwrap();
        let status = std::process::Command::new("ip")
            .args(["-6", "addr", "add", "2001:db8:a::1/64", "dev", "isatap0"])
            .status();
        assert!(status.unwrap().success());
        assert_eq!(reach(&netlink, &goal).await, []);
        assert!(netlink.routes(index).await.unwrap().contains(&theirs));
    });
}

#[test]
fn a_step_that_was_taken_already_is_no_error() {
    netns::in_new(|| async {
        let netlink = Netlink::connect().unwrap();
        reach(&netlink, &desired(clock::now())).await;
        let (device, address) = ("isatap0".to_owned(), ip("2001:db8::9"));
        let add = Action::AddRoute {
            device: device.clone(),
            route: route("2001:db8:9::/48", Some("fe80::5efe:a00:9")),
        };
        let put = Action::AddAddress {
            device,
            address,
            prefix_len: 64,
            lifetimes: Lifetimes::default(),
        };
        for action in [add, put] {
            for action in [&action, &action.inverse().unwrap()] {
                apply(&netlink, action).await.unwrap();
                apply(&netlink, action).await.unwrap();
            }
        }
    });
}

#[test]
fn a_device_that_is_not_ours_stops_the_plan() {
    netns::in_new(|| async {
        let netlink = Netlink::connect().unwrap();
        let mut goal = desired(clock::now());
        goal.device.name = "lo".into();
        let error = observe(&netlink, &goal).await.unwrap_err();
        assert!(matches!(error, Error::WrongDevice { .. }), "{error}");
        let up = Action::SetUp {
            device: "isatap9".into(),
            up: true,
        };
        let error = apply(&netlink, &up).await.unwrap_err();
        assert_eq!(error.to_string(), "there is no interface isatap9");
        let _held = tun::open("isatap0").unwrap();
        let create = Action::CreateDevice {
            device: "isatap0".into(),
        };
        let error = apply(&netlink, &create).await.unwrap_err();
        assert_eq!(error.errno(), Some(Errno::EBUSY));
    });
}

#[test]
fn a_step_that_fails_is_named_and_what_follows_its_kind_waits() {
    netns::in_new(|| async {
        let netlink = Netlink::connect().unwrap();
        let goal = desired(clock::now());
        reach(&netlink, &goal).await;
        let device = || "isatap0".to_owned();
        let put = |text: &str, prefix_len| Action::AddAddress {
            device: device(),
            address: ip(text),
            prefix_len,
            lifetimes: Lifetimes::default(),
        };
        let more = Action::AddRoute {
            device: device(),
            route: route("2001:db8:9::/48", None),
        };
        let actions = [put("2001:db8::8", 129), put("2001:db8::9", 64), more];
        let mut taken = Vec::new();
        let error = apply_all(&netlink, &actions, &mut taken).await.unwrap_err();
        assert!(error.to_string().contains("2001:db8::8/129"), "{error}");
        assert_eq!(taken, actions[1..2]);
        let index = netlink.link("isatap0").await.unwrap().unwrap().index;
        let routes = netlink.routes(index).await.unwrap();
        let stays_away = "2001:db8:9::/48".parse().unwrap();
        assert!(routes.iter().all(|found| found.destination != stays_away));
    });
}
