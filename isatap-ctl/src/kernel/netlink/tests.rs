use std::net::Ipv6Addr;

use nix::errno::Errno;

use super::changes::TOGETHER;
use super::*;
use crate::kernel::addresses::Lifetimes;
use crate::kernel::{netns, tun};

/// More than two messages of them.
const MANY: usize = 2 * TOGETHER + 9;

async fn device(netlink: &Netlink) -> u32 {
    tun::open("isatap0").unwrap();
    let index = netlink.link("isatap0").await.unwrap().unwrap().index;
    netlink.set_generates_addresses(index, false).await.unwrap();
    netlink.set_up(index, true).await.unwrap();
    index
}

fn address(number: usize) -> Ipv6Addr {
    Ipv6Addr::from_bits(0x2001_0db8 << 96 | number as u128)
}

/// Adds [`MANY`] addresses, those that are `wrong` with a prefix length that there is not.
fn additions(index: u32, wrong: impl Fn(usize) -> bool) -> Vec<Change> {
    let length = |number| if wrong(number) { 129 } else { 64 };
    let lasting = Lifetimes::default();
    let put = |number| Change::put_ipv6_address(index, address(number), length(number), lasting);
    (0..MANY).map(put).collect()
}

#[test]
fn a_failure_names_its_own_change_and_keeps_no_other_back() {
    netns::in_new(|| async {
        let netlink = Netlink::connect().unwrap();
        let index = device(&netlink).await;
        let wrong = [0, 77, TOGETHER - 1, TOGETHER, MANY - 1];
        let outcomes = netlink.change_all(additions(index, |n| wrong.contains(&n)));
        let outcomes = outcomes.await;
        assert_eq!(outcomes.len(), MANY);
        for (number, outcome) in outcomes.iter().enumerate() {
            assert_eq!(outcome.is_err(), wrong.contains(&number), "{number}");
            if let Err(error) = outcome {
                let address = address(number);
                let expected = format!(
                    "cannot add address {address}/129 to interface {index}: Invalid argument"
                );
                assert!(error.to_string().starts_with(&expected), "{error}");
            }
        }
        let mut found = netlink.ipv6_addresses(index).await.unwrap();
        found.sort_by_key(|on_link| on_link.address);
        let found: Vec<_> = found.iter().map(|on_link| on_link.address).collect();
        let right = (0..MANY).filter(|number| !wrong.contains(number));
        assert_eq!(found, right.map(address).collect::<Vec<_>>());
    });
}

#[test]
fn no_answer_is_lost_when_everything_fails() {
    netns::in_new(|| async {
        let netlink = Netlink::connect().unwrap();
        let index = device(&netlink).await;
        let outcomes = netlink.change_all(additions(index, |_| true)).await;
        assert_eq!(outcomes.len(), MANY);
        for (number, outcome) in outcomes.into_iter().enumerate() {
            let error = outcome.unwrap_err();
            assert_eq!(error.errno(), Some(Errno::EINVAL));
            let address = address(number).to_string();
            assert!(error.to_string().contains(&address), "{error}");
        }
    });
}

#[test]
fn what_is_so_already_is_as_good_as_done() {
    netns::in_new(|| async {
        let netlink = Netlink::connect().unwrap();
        let index = device(&netlink).await;
        let remove = || Change::remove_ipv6_address(index, address(1), 64);
        let error = netlink.change(remove()).await.unwrap_err();
        assert_eq!(error.errno(), Some(Errno::EADDRNOTAVAIL));
        let forgiving = || remove().unless(Errno::EADDRNOTAVAIL);
        let outcomes = netlink.change_all(vec![forgiving(), remove(), forgiving()]);
        let outcomes = outcomes.await;
        assert!(matches!(outcomes.as_slice(), [Ok(()), Err(_), Ok(())]));
        assert!(netlink.change_all(Vec::new()).await.is_empty());
    });
}
