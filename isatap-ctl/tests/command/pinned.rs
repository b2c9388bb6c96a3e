//! Commands on pinned maps without a daemon. Needs root and a BPF file system.

use std::path::PathBuf;

use aya::maps::lpm_trie::{Key, LpmTrie};
use aya::maps::{Array, HashMap, MapData, PerCpuArray, PerCpuValues};
use isatap_common::abi::*;
use isatap_common::path::Reason;
use isatap_ctl::kernel::bpffs;

use super::{document, isatap_ctl};

const NAME: &str = "isatap-test";

/// Maps as the daemon pins them, removed in the end.
struct Pinned(PathBuf);

/// `BPF_F_MMAPABLE`
const MAPPABLE: u32 = 1 << 10;

impl Pinned {
    fn new() -> Self {
        let pinned = Self(bpffs::prepare(NAME).unwrap());
        pinned.fill();
        pinned
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn fill(&self) {
        let mut prl: HashMap<MapData, [u8; 4], PrlEntry> = HashMap::create(PRL_LEN, 0).unwrap();
        let entry = PrlEntry {
            deadline: u64::MAX,
            source: 0,
            preference: 1,
        };
        prl.insert([10, 0, 0, 1], entry, 0).unwrap();
        prl.pin(self.path("PRL")).unwrap();
        self.fill_locators();
        self.fill_tries();
        self.fill_counters();
    }

    fn fill_locators(&self) {
        let key = LocatorKey {
            ifindex: 1,
            ipv4: [10, 0, 0, 9],
        };
        let mut map: HashMap<MapData, LocatorKey, Locator> =
            HashMap::create(LOCATORS_LEN, 0).unwrap();
        map.insert(key, Locator { slot: 0, mtu: 1500 }, 0).unwrap();
        map.pin(self.path("LOCATORS")).unwrap();

        let mut locators = [LocatorRef::default(); MAX_LOCATORS];
        locators[0] = LocatorRef {
            ifindex: 1,
            ipv4: [10, 0, 0, 9],
        };
        let config = Config {
            generation: 3,
            fresh_jiffies: 250,
            device: 1,
            role: Role::Host as u8,
            ttl: 64,
            switches: 0,
            mtu: 1480,
            probe_interval: 20_000_000,
            locator_count: 1,
            locators,
        };
        let mut map: Array<MapData, Config> = Array::create(1, 0).unwrap();
        map.set(0, config, 0).unwrap();
        map.pin(self.path("CONFIG")).unwrap();
    }

    fn fill_tries(&self) {
        const NO_PREALLOC: u32 = 1;
        let bits = |text: &str| text.parse::<std::net::Ipv6Addr>().unwrap().octets();
        let mut prefixes: LpmTrie<MapData, PrefixKey, Prefix> =
            LpmTrie::create(PREFIXES_LEN, NO_PREALLOC).unwrap();
        let forever = Prefix { deadline: u64::MAX };
        prefixes
            .insert(&Key::new(64, bits("fe80::")), forever, 0)
            .unwrap();
        prefixes.pin(self.path("PREFIXES")).unwrap();

        let mut routes: LpmTrie<MapData, PrefixKey, Route> =
            LpmTrie::create(ROUTES_LEN, NO_PREALLOC).unwrap();
        for (length, via) in [(0, 1), (32, 2), (48, 3)] {
            let key = Key::new(
                length,
                if length == 0 {
                    [0; 16]
                } else {
                    bits("2001:db8::")
                },
            );
            routes
                .insert(
                    &key,
                    Route {
                        via: [10, 0, 0, via],
                    },
                    0,
                )
                .unwrap();
        }
        routes.pin(self.path("ROUTES")).unwrap();
    }

    fn fill_counters(&self) {
        let cpus = aya::util::nr_cpus().unwrap();
        let mut map: PerCpuArray<MapData, Counter> = PerCpuArray::create(COUNTERS_LEN, 0).unwrap();
        let each = |packets| {
            let mut values = vec![Counter::default(); cpus];
            values[0] = Counter {
                packets,
                bytes: 100 * packets,
            };
            values[cpus - 1].packets += 1;
            PerCpuValues::try_from(values).unwrap()
        };
        let key = counter_index(Direction::In, Layer::Xdp, Reason::Cached);
        map.set(key, each(4), 0).unwrap();
        let key = counter_index(Direction::Out, Layer::Tc, Reason::NoLocator);
        map.set(key, each(1), 0).unwrap();
        map.pin(self.path("COUNTERS")).unwrap();

        let cpus = u32::try_from(cpus).unwrap();
        let map: Array<MapData, Cache> = Array::create(cpus, MAPPABLE).unwrap();
        map.pin(self.path("NEXT_HOPS")).unwrap();
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        for entry in std::fs::read_dir(&self.0).unwrap().flatten() {
            std::fs::remove_file(entry.path()).unwrap();
        }
        std::fs::remove_dir(&self.0).unwrap();
        std::fs::remove_dir(self.0.parent().unwrap()).unwrap();
        // Stays while another interface has maps.
        let _ = std::fs::remove_dir("/sys/fs/bpf/isatap");
    }
}

#[test]
fn maps_read_without_a_daemon() {
    let _pinned = Pinned::new();
    let text = |arguments: &[&str]| {
        let (code, stdout, stderr) = isatap_ctl(&[arguments, &["-i", NAME]].concat());
        assert_eq!(stderr, "", "{arguments:?}");
        format!("{arguments:?} = {code}\n{stdout}")
    };
    let commands: [&[&str]; 12] = [
        &["map", "list"],
        &["map", "dump", "PRL"],
        &["map", "dump", "ROUTES"],
        &["map", "get", "ROUTES", "2001:db8:0:1::1"],
        &["map", "get", "ROUTES", "2001:db8::/32"],
        &["map", "get", "COUNTERS", "in/xdp/cached"],
        &["map", "get", "LOCATORS", "lo/10.0.0.9"],
        &["map", "dump", "CONFIG"],
        &["stats", "--reasons"],
        &["prl", "list"],
        &["status"],
        &["status", "--brief"],
    ];
    insta::assert_snapshot!(commands.map(text).join("\n"));

    let json = |arguments: &[&str]| document(&[arguments, &["-i", NAME]].concat());
    let documents: [&[&str]; 5] = [
        &["map", "list"],
        &["map", "dump", "PRL"],
        &["stats"],
        &["prl", "list"],
        &["status"],
    ];
    insta::assert_json_snapshot!(documents.map(json));

    let missing = isatap_ctl(&["-i", NAME, "map", "get", "PRL", "10.9.9.9"]);
    assert_eq!(
        (missing.0, missing.2.as_str()),
        (1, "error: PRL has no entry for 10.9.9.9\n")
    );
    assert_eq!(isatap_ctl(&["-i", NAME, "map", "get", "PRL", "x"]).0, 2);
    let refused = isatap_ctl(&["-i", NAME, "prl", "add", "10.0.0.2"]);
    assert_eq!(refused.0, 1);
    assert!(refused.2.contains("hint: start it"), "{}", refused.2);
}
