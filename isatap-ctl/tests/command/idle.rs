//! Commands on an interface that nothing runs for.

use super::isatap_ctl;

#[test]
fn inspection_exits_with_3() {
    for arguments in [
        &["status"][..],
        &["status", "--brief"],
        &["status", "-j"],
        &["stats"],
        &["stats", "--watch"],
        &["prl", "list"],
        &["prl", "add", "10.0.0.1"],
        &["prl", "del", "10.0.0.1"],
        &["neigh"],
        &["neigh", "--sort", "last", "-j"],
        &["map", "list"],
        &["map", "dump", "PRL"],
        &["map", "get", "PRL", "10.0.0.1"],
    ] {
        let (code, stdout, stderr) = isatap_ctl(&[&["-i", "no-such-tunnel"], arguments].concat());
        assert_eq!((code, stdout.as_str()), (3, ""), "{arguments:?}");
        assert_eq!(stderr, "error: no-such-tunnel: nothing is running\n");
    }
}
