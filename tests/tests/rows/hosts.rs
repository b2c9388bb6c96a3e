//! For how many hosts the maps were made.

use isatap_common::abi::{PEERS_LEN, Role, Switches};
use isatap_ctl::datapath::{Datapath, DatapathError};

use super::machine::{Machine, in_namespace};

#[test]
fn maps_for_another_number_of_hosts_are_not_taken() {
    in_namespace(|| {
        let machine = Machine::new("hosts", Role::Router, Switches::default());
        let pin = machine.pin("PEERS");
        let directory = pin.parent().unwrap();
        let error = Datapath::load(directory, 1024).err().unwrap();
        let DatapathError::Hosts { wanted, found, .. } = error else {
            panic!("{error}");
        };
        assert_eq!((wanted, found), (1024, PEERS_LEN));
        assert!(
            error.to_string().contains("datapath.hosts is 1024"),
            "{error}"
        );
        assert!(error.remedy().unwrap().contains("datapath.hosts"));
        assert!(Datapath::load(directory, PEERS_LEN).is_ok());
    });
}
