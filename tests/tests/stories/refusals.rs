//! What cannot be had is named with its remedy, and nothing is left half done.

use std::path::Path;

use isatap_tests::config::Xdp;
use isatap_tests::site::{HOST_A, isatap_address};

use super::{configured, lab, program, reaches};

#[test]
fn a_second_instance_is_refused_with_the_pid_of_the_first() {
    let lab = configured(Xdp::Auto);
    let router = lab.router().unwrap();
    let config = lab.file(&format!("{}.toml", router.device()));
    let mut second = lab.site.router.command(program());
    let output = second
        .args(["run", "--config"])
        .arg(config)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{printed}");
    assert!(
        printed.contains(&format!("by pid {}", router.pid().unwrap())),
        "{printed}"
    );
    assert!(reaches(
        &lab.site.server,
        &isatap_address(HOST_A).to_string()
    ));
}

#[test]
fn a_missing_nic_is_named_and_nothing_stays() {
    let lab = lab();
    let device = lab.names.router_device().to_owned();
    let config = lab.file("missing.toml");
    let text = format!(
        "[interface]\nname = \"{device}\"\nrole = \"router\"\nuplinks = [\"eth0\"]\n\
         [router]\nlinks = [\"nosuch0\"]\n"
    );
    std::fs::write(&config, text).unwrap();
    let output = lab
        .site
        .router
        .command(program())
        .args(["run", "--config"])
        .arg(&config)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{printed}");
    assert!(printed.contains("nosuch0"), "{printed}");
    assert!(!Path::new("/sys/fs/bpf/isatap").join(&device).exists());
    assert!(
        lab.site
            .router
            .run(&format!("ip link show {device}"))
            .is_err()
    );
}

/// Nobody's program is pushed aside, and nothing of ours is left half done.
#[test]
fn a_foreign_xdp_program_is_named_and_left_alone() {
    let mut lab = lab();
    let device = lab.names.router_device().to_owned();
    let pin = Path::new("/sys/fs/bpf").join(format!("other-{device}"));
    isatap_tests::foreign::pin(&pin).unwrap();
    let attached = lab.site.router.run(&format!(
        "ip link set dev eth1 xdp pinned {}",
        pin.display()
    ));
    std::fs::remove_file(&pin).unwrap();
    attached.unwrap();
    let refused = format!("{:#}", lab.start_router(Xdp::Auto).unwrap_err());
    assert!(refused.contains("exit status: 78"), "{refused}");
    assert!(
        refused.contains("eth1 already has the XDP program other_folk"),
        "{refused}"
    );
    assert!(refused.contains("datapath.xdp = \"off\""), "{refused}");
    assert!(!Path::new("/sys/fs/bpf/isatap").join(&device).exists());
    let shown = lab.site.router.run("ip link show dev eth1").unwrap();
    assert!(shown.contains("xdp"), "{shown}");
    lab.start_router(Xdp::Off).unwrap();
}

#[test]
fn a_missing_capability_is_named_with_its_remedy() {
    let lab = lab();
    let config = lab.file("bare.toml");
    let text = isatap_tests::config::host(lab.names.host_a_device());
    std::fs::write(&config, text).unwrap();
    let output = lab
        .site
        .host_a
        .command("setpriv")
        .args(["--bounding-set=-all", "--inh-caps=-all"])
        .arg(program())
        .args(["run", "--config"])
        .arg(&config)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{printed}");
    assert!(
        printed.contains("CAP_NET_ADMIN is missing; run as root or grant"),
        "{printed}"
    );
}
