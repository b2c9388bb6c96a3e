//! A host whose place in the cache another has is forwarded as the line of its block says, if it was
//! decided on itself.

use std::{net::Ipv4Addr, time::Instant};

use isatap_common::{
    abi::{Block, Direction, Layer, Role, Sampler, Source, Switches, Traffic, Uncached},
    path::Reason,
};
use isatap_ctl::datapath::{Caches, Side};

use super::{
    inward::switches,
    inward_table::{OUR, ROUTER, SERVER},
    machine::{BELIEVED, Machine, Outcome, in_namespace, soon},
    outward,
    packets::{udp, v4, v6},
    way::{CACHED, HOSTS, RESOLVED, displacing, peers, without},
};

/// One of the block that is decided on.
const ASKED: &str = "10.1.0.7";
/// One of the same block that is not.
const NEVER: &str = "10.1.0.200";

/// A router, and hosts of one block.
struct Crowd {
    machine: Machine,
    flags: Switches,
}

fn global(host: Ipv4Addr) -> String {
    let [a, b, c, d] = host.octets();
    format!("2001:db8:0:1:0:5efe:{a:02x}{b:02x}:{c:02x}{d:02x}")
}

/// So many hosts of the block of the one that is asked, which is the last.
fn neighbours(count: u8) -> impl Iterator<Item = Ipv4Addr> {
    let [a, b, c, last] = v4(ASKED).octets();
    (last + 1 - count..=last).map(move |host| Ipv4Addr::new(a, b, c, host))
}

fn frame_from(host: Ipv4Addr, locator: &str) -> Vec<u8> {
    let inner = udp(&global(host), SERVER);
    inner.within(&host.to_string(), locator).sent_by_gateway()
}

impl Crowd {
    fn new(name: &str, flags: Switches) -> Self {
        let machine = Machine::new(name, Role::Router, flags);
        Self { machine, flags }
    }

    /// Nothing is known any more.
    fn forget(&mut self) {
        self.machine.cool(self.flags);
    }

    fn from(&mut self, host: Ipv4Addr) -> Option<Reason> {
        let uplink = self.machine.indexes.uplink;
        let frame = frame_from(host, OUR);
        self.machine.xdp(Direction::In, uplink, &frame).reason
    }

    fn to(&mut self, host: Ipv4Addr) -> Outcome {
        let native = self.machine.indexes.native;
        let frame = udp(SERVER, &global(host)).sent_by_server();
        self.machine.xdp(Direction::Out, native, &frame)
    }

    /// A packet from each host that makes a block and one to it, last the one that is asked.
    fn meet(&mut self) {
        for host in neighbours(Block::FEW) {
            self.from(host);
            self.to(host);
        }
    }

    /// So many packets from the host and as many to it: how many of each the cache knew.
    fn exchange(&mut self, host: Ipv4Addr, packets: u64) -> [u64; 2] {
        let (uplink, native) = (self.machine.indexes.uplink, self.machine.indexes.native);
        let from = frame_from(host, OUR);
        let to = udp(SERVER, &global(host)).sent_by_server();
        let before = self.cached();
        for _ in 0..packets {
            self.machine.run_xdp(Side::Uplink, uplink, &from);
            self.machine.run_xdp(Side::Native, native, &to);
        }
        let after = self.cached();
        [after[0] - before[0], after[1] - before[1]]
    }

    fn cached(&self) -> [u64; 2] {
        let is_cached = |reason: &Reason| Some(*reason) == CACHED;
        let place = Reason::ALL.iter().position(is_cached).unwrap();
        Direction::ALL.map(|direction| self.machine.counters(direction, Layer::Xdp)[place])
    }

    /// Another host takes the place of this one, and has it now.
    fn displace_source(&mut self, host: Ipv4Addr) {
        assert_eq!(self.from(rival_source(host)), RESOLVED);
    }

    /// The same with the way.
    fn displace_way(&mut self, host: Ipv4Addr) {
        assert_eq!(self.to(rival_way(host)).reason, RESOLVED);
    }

    /// Packets from the host and to it, in its account and not yet there.
    fn accounts(&self, host: Ipv4Addr) -> [u64; 2] {
        let peer = peers(&self.machine).get(&host.octets(), 0).unwrap();
        let pin = self.machine.pin("NEXT_HOPS");
        let caches = Caches::pinned(pin.parent().unwrap()).unwrap();
        let sources = caches
            .sources()
            .map(|(_, line)| (line.ends.source, line.heard));
        let ways = caches
            .next_hops()
            .map(|(_, line)| (line.ends.destination, line.sent));
        let of = |(remote, traffic): (_, Traffic)| {
            if remote == host.octets() {
                traffic.packets()
            } else {
                0
            }
        };
        [
            peer.packets_in + sources.map(of).sum::<u64>(),
            peer.packets_out + ways.map(of).sum::<u64>(),
        ]
    }
}

/// A host that has the same place among those that were admitted.
fn rival_source(host: Ipv4Addr) -> Ipv4Addr {
    let prefix = u64::from_ne_bytes(v6("2001:db8:0:1::").octets()[..8].try_into().unwrap());
    let index = |host: Ipv4Addr| Source::index(prefix, host.octets());
    let mut others = (v4("10.128.0.1").to_bits()..).map(Ipv4Addr::from_bits);
    others.find(|other| index(*other) == index(host)).unwrap()
}

/// A host that has the same place among the ways.
fn rival_way(host: Ipv4Addr) -> Ipv4Addr {
    let other = displacing(HOSTS, v6(&global(host)));
    let [.., a, b, c, d] = v6(&other).octets();
    Ipv4Addr::new(a, b, c, d)
}

#[test]
fn a_host_without_a_place_is_admitted_by_its_block_if_it_was_itself_before() {
    in_namespace(|| {
        let mut crowd = Crowd::new("block-in", switches());
        let found = soon(Instant::now(), || {
            crowd.forget();
            neighbours(Block::FEW).for_each(|host| assert_eq!(crowd.from(host), RESOLVED));
            crowd.displace_source(v4(ASKED));
            crowd.displace_source(v4(NEVER));
            let uplink = crowd.machine.indexes.uplink;
            let native = crowd.machine.indexes.native;
            let elsewhere = [(uplink, "10.9.0.4"), (native, OUR)].map(|(ifindex, locator)| {
                let frame = frame_from(v4(ASKED), locator);
                crowd.machine.xdp(Direction::In, ifindex, &frame).reason
            });
            let mut for_another = frame_from(v4(ASKED), OUR);
            for_another[5] ^= 1;
            let left = crowd.machine.xdp(Direction::In, uplink, &for_another);
            let is_left_alone = left.reason.is_none() && left.packet == for_another;
            let asked = crowd.from(v4(ASKED));
            (asked, elsewhere, is_left_alone, crowd.from(v4(NEVER)))
        });
        // Another locator, another interface, or a frame for another NIC, is not ours.
        assert_eq!(found, (CACHED, [None; 2], true, RESOLVED));
    });
}

#[test]
fn a_block_of_few_hosts_is_not_asked() {
    in_namespace(|| {
        let mut crowd = Crowd::new("block-few", switches());
        let found = soon(Instant::now(), || {
            crowd.forget();
            for host in neighbours(Block::FEW - 1) {
                crowd.from(host);
                crowd.to(host);
            }
            crowd.displace_source(v4(ASKED));
            crowd.displace_way(v4(ASKED));
            (crowd.from(v4(ASKED)), crowd.to(v4(ASKED)).reason)
        });
        assert_eq!(found, (RESOLVED, RESOLVED));
    });
}

#[test]
fn a_new_generation_forgets_who_is_in_a_block() {
    in_namespace(|| {
        let mut crowd = Crowd::new("block-generation", switches());
        let found = soon(Instant::now(), || {
            crowd.forget();
            for host in neighbours(Block::FEW + 1) {
                crowd.from(host);
                crowd.to(host);
            }
            crowd.forget();
            let others = neighbours(Block::FEW + 1).filter(|host| *host != v4(ASKED));
            for host in others {
                assert_eq!(crowd.from(host), RESOLVED);
                assert_eq!(crowd.to(host).reason, RESOLVED);
            }
            crowd.displace_source(v4(ASKED));
            crowd.displace_way(v4(ASKED));
            (crowd.from(v4(ASKED)), crowd.to(v4(ASKED)).reason)
        });
        assert_eq!(found, (RESOLVED, RESOLVED));
    });
}

/// A router of the list, which may forward for others, is decided on each time.
#[test]
fn a_router_is_of_no_block() {
    in_namespace(|| {
        let mut crowd = Crowd::new("block-router", switches());
        let found = soon(Instant::now(), || {
            crowd.forget();
            for host in 10..10 + Block::FEW {
                assert_eq!(crowd.from(Ipv4Addr::new(10, 9, 0, host)), RESOLVED);
            }
            for _ in 0..2 {
                assert_eq!(crowd.from(v4(ROUTER)), Some(Reason::RouterLoop));
            }
            crowd.displace_source(v4(ROUTER));
            crowd.displace_way(v4(ROUTER));
            (crowd.from(v4(ROUTER)), crowd.to(v4(ROUTER)).reason)
        });
        assert_eq!(found, (Some(Reason::RouterLoop), Some(Reason::RouterLoop)));
    });
}

#[test]
fn what_goes_to_a_host_without_a_place_leaves_as_by_its_own_line() {
    in_namespace(|| {
        let mut crowd = Crowd::new("block-out", switches());
        let [own, by_block, never] = soon(Instant::now(), || {
            crowd.forget();
            neighbours(Block::FEW).for_each(|host| assert_eq!(crowd.to(host).reason, RESOLVED));
            let own = crowd.to(v4(ASKED));
            crowd.displace_way(v4(ASKED));
            crowd.displace_way(v4(NEVER));
            [own, crowd.to(v4(ASKED)), crowd.to(v4(NEVER))]
        });
        assert_eq!([own.reason, by_block.reason], [CACHED; 2]);
        assert_eq!(never.reason, RESOLVED);
        assert_eq!(by_block.action, own.action);
        let outer = |outcome: &Outcome| outward::without_identification(&outcome.packet[14..34]);
        assert_eq!(outer(&by_block), outer(&own));
        assert_eq!(by_block.packet[..14], own.packet[..14]);
        assert_eq!(by_block.packet[34..], own.packet[34..]);
        outward::check_checksum("by its block", &by_block.packet);
    });
}

#[test]
fn a_host_with_a_path_mtu_of_its_own_is_of_no_block() {
    in_namespace(|| {
        let flags = switches().with(Switches::DYNAMIC_MTU);
        let mut crowd = Crowd::new("block-mtu", flags);
        crowd.machine.set_path_mtu(v4(ASKED).octets(), 1400);
        let found = soon(Instant::now(), || {
            crowd.forget();
            neighbours(Block::FEW + 1).for_each(|host| assert_eq!(crowd.to(host).reason, RESOLVED));
            let other = neighbours(2).next().unwrap();
            crowd.displace_way(v4(ASKED));
            crowd.displace_way(other);
            [crowd.to(v4(ASKED)).reason, crowd.to(other).reason]
        });
        assert_eq!(found, [RESOLVED, CACHED]);
    });
}

/// Which locator a packet is sent from depends on the host where there are two.
#[test]
fn with_two_locators_no_way_is_that_of_a_block() {
    in_namespace(|| {
        let mut crowd = Crowd::new("block-locators", switches());
        crowd.machine.second_locator([10, 9, 0, 4]);
        let found = soon(Instant::now(), || {
            neighbours(Block::FEW).for_each(|host| drop(crowd.to(host)));
            crowd.to(rival_way(v4(ASKED)));
            crowd.to(v4(ASKED)).reason
        });
        assert_eq!(found, RESOLVED);
    });
}

/// Until one of them is to be accounted for, which the first was.
#[test]
fn packets_by_a_block_need_no_program_but_that_of_their_side() {
    let found = loop {
        let mut found = None;
        in_namespace(|| found = by_block_alone());
        if let Some(found) = found {
            break found;
        }
    };
    let cached = |found: &[_; 8]| found.iter().take_while(|found| **found == CACHED).count();
    assert_ne!(found.each_ref().map(cached), [0; 2], "{found:?}");
    for found in found {
        assert!(
            found[cached(&found)..].iter().all(Option::is_none),
            "{found:?}"
        );
    }
}

/// Packets both ways without any other program; nothing if the machine stood still for so long that the lines ended.
fn by_block_alone() -> Option<[[Option<Reason>; 8]; 2]> {
    let mut crowd = Crowd::new("block-alone", switches());
    let since = Instant::now();
    crowd.meet();
    let asked = v4(ASKED);
    crowd.displace_source(asked);
    crowd.displace_way(asked);
    let first = [crowd.from(asked), crowd.to(asked).reason];
    for place in Uncached::ALL {
        without(&crowd.machine, place);
    }
    let inward = [(); 8].map(|()| crowd.from(asked));
    let outward = [(); 8].map(|()| crowd.to(asked).reason);
    if since.elapsed() >= BELIEVED {
        return None;
    }
    assert_eq!(first, [CACHED; 2]);
    Some([inward, outward])
}

/// Every packet is counted, and one in so many stands for the others in the account of its host.
#[test]
fn accounts_of_hosts_say_about_as_much_as_was_sent() {
    const AT_ONCE: u64 = 64;
    const CACHED_AT_LEAST: u64 = 8 * Sampler::MOST as u64;
    in_namespace(|| {
        let mut crowd = Crowd::new("block-account", switches());
        let asked = v4(ASKED);
        crowd.meet();
        let before = crowd.accounts(asked);
        let (mut sent, mut cached) = (0, [0, 0]);
        while cached.iter().any(|packets| *packets < CACHED_AT_LEAST) {
            assert!(sent < 20 * CACHED_AT_LEAST, "{cached:?} of {sent}");
            // What is known of the block ends, each time that it has been believed for long enough.
            crowd.meet();
            crowd.from(rival_source(asked));
            crowd.to(rival_way(asked));
            sent += 1;
            loop {
                let found = crowd.exchange(asked, AT_ONCE);
                sent += AT_ONCE;
                cached[0] += found[0];
                cached[1] += found[1];
                if found != [AT_ONCE; 2] || cached.iter().all(|packets| *packets >= CACHED_AT_LEAST)
                {
                    break;
                }
            }
        }
        let after = crowd.accounts(asked);
        for way in [0, 1] {
            let accounted = after[way] - before[way];
            assert!(
                accounted.abs_diff(sent) <= u64::from(Sampler::MOST),
                "{accounted} of {sent}"
            );
        }
        let peer = peers(&crowd.machine).get(&asked.octets(), 0).unwrap();
        assert!(peer.last_heard != 0 && peer.last_sent != 0);
    });
}
