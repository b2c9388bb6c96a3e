use super::isatap_ctl;

const COMMANDS: [&str; 11] = [
    "run",
    "check",
    "plan",
    "down",
    "status",
    "prl",
    "map",
    "stats",
    "addr",
    "completions",
    "man",
];

#[test]
fn help_lists_every_command_and_has_no_colour() {
    let (code, stdout, stderr) = isatap_ctl(&["--help"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    for command in COMMANDS {
        let listed = stdout
            .lines()
            .any(|line| line.trim_start().starts_with(command));
        assert!(listed, "{command}: {stdout}");
    }
    assert!(!stdout.contains('\x1b'));
}

#[test]
fn nothing_and_nonsense_are_wrong_usage() {
    assert_eq!(isatap_ctl(&[]).0, 2);
    assert_eq!(isatap_ctl(&["dance"]).0, 2);
    assert_eq!(isatap_ctl(&["status", "-i", "a/b"]).0, 2);
    assert_eq!(isatap_ctl(&["stats", "--watch", "0"]).0, 2);
    assert_eq!(isatap_ctl(&["map", "dump", "NONE"]).0, 2);
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let (code, stdout, _) = isatap_ctl(&["completions", shell]);
        assert_eq!(code, 0);
        assert!(
            COMMANDS.iter().all(|command| stdout.contains(command)),
            "{shell}"
        );
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let (code, stdout, _) = isatap_ctl(&["man"]);
    assert_eq!(code, 0);
    assert!(stdout.contains(".TH isatap-ctl 1"), "{stdout}");

    let name = format!("isatap-ctl-man-{}", std::process::id());
    let directory = std::env::temp_dir().join(name);
    std::fs::create_dir(&directory).unwrap();
    let (code, _, stderr) = isatap_ctl(&["man", directory.to_str().unwrap()]);
    let written =
        COMMANDS.map(|command| directory.join(format!("isatap-ctl-{command}.1")).exists());
    std::fs::remove_dir_all(&directory).unwrap();
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(written, [true; COMMANDS.len()]);
}

#[test]
fn a_closed_pipe_is_no_error() {
    use std::process::{Command, Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_isatap-ctl"))
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stderr, b"");
}
