//! The kernel itself: our programs load, attach and decide as they do everywhere.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::exec;
use crate::interop::case::Case;
use crate::interop::scene::Scene;

pub const CASES: &[Case] = &[
    Case::new(
        "rows",
        "the kernel",
        "rows of packets through the loaded programs, and through the pure packet path",
        rows,
    )
    .on_each_kernel(),
    Case::new(
        "stories",
        "the kernel",
        "attach, kill and restart under traffic, reload, stop, down; fragments; another address",
        stories,
    )
    .on_each_kernel(),
    Case::new(
        "shapes",
        "the kernel",
        "one NIC for both sides, frames of 9000 octets",
        |scene| tests(scene, "stories", &SHAPES, SHAPES.len()),
    ),
    Case::new(
        "trunk",
        "the kernel",
        "VLANs, which not every kernel has: one is the uplink, others are left alone",
        |scene| tests(scene, "stories", &["--ignored", "trunk::"], 3),
    ),
];

/// What depends on how this kernel attaches programs and handles packets.
const STORIES: [&str; 7] = [
    "a_killed_daemon_loses_no_packet_in_traffic_control",
    "a_reload_changes_what_traffic_control_does_without_losing_a_ping",
    "a_site_gets_ipv6_by_forwarding_in_traffic_control",
    "another_ipv4_address_moves_everything",
    "down_leaves_no_program_that_forwards",
    "fragments_take_the_slow_path_and_arrive",
    "stopping_leaves_the_datapath_and_down_leaves_nothing",
];
/// What depends on how it makes frames.
const SHAPES: [&str; 2] = [
    "large_frames_pass_in_the_layer_that_is_best",
    "one_nic_serves_both_sides",
];
/// All of a test program's tests.
const LIMIT: Duration = Duration::from_mins(5);

fn rows(scene: &mut Scene) -> Result<()> {
    tests(scene, "rows", &[], 1)
}

fn stories(scene: &mut Scene) -> Result<()> {
    tests(scene, "stories", &STORIES, STORIES.len())
}

/// Runs a test program of ours, all of whose tests must pass; so many there must be at least.
fn tests(scene: &mut Scene, program: &str, names: &[&str], least: usize) -> Result<()> {
    let mut command = Command::new(program);
    command.arg("--test-threads=1").args(names);
    command.env("ISATAP_CTL", scene.program());
    let output = exec::output_within(LIMIT, &mut command)?;
    let printed = format!("{}{}", output.stdout, output.stderr);
    scene.write(&format!("{program}.log"), &printed)?;
    ensure!(
        output.code == Some(0),
        "{program}:\n{}{}",
        output.stdout,
        last(&output.stderr)
    );
    let passed = passed(&output.stdout).unwrap_or(0);
    ensure!(passed >= least, "{program} ran too few tests:\n{printed}");
    scene.note(format!("{passed} tests passed"));
    Ok(())
}

/// `test result: ok. 6 passed; ...`
fn passed(printed: &str) -> Option<usize> {
    let mut lines = printed.lines();
    let summary = lines.find_map(|line| line.strip_prefix("test result: ok. "))?;
    summary.split(' ').next()?.parse().ok()
}

fn last(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    let start = lines.len().saturating_sub(20);
    lines.get(start..).unwrap_or_default().join("\n")
}
