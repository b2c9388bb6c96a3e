use super::{document, isatap_ctl};

#[test]
fn a_good_file_is_ok() {
    let (code, stdout, stderr) = isatap_ctl(&["check", "--config", "tests/files/router.toml"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(stdout, "tests/files/router.toml: ok\n");
    insta::assert_json_snapshot!(document(&["check", "--config", "tests/files/router.toml"]));
}

#[test]
fn every_error_of_a_bad_file_is_printed() {
    let (code, stdout, stderr) = isatap_ctl(&["check", "--config", "tests/files/wrong.toml"]);
    assert_eq!((code, stdout.as_str()), (78, ""));
    insta::assert_snapshot!(stderr);
    insta::assert_json_snapshot!(document(&["check", "--config", "tests/files/wrong.toml"]));
}

#[test]
fn a_missing_file_is_a_configuration_error_of_every_command() {
    for command in ["check", "run", "plan"] {
        let (code, _, stderr) = isatap_ctl(&[command, "--config", "tests/files/none.toml"]);
        assert_eq!(code, 78, "{command}");
        assert!(
            stderr.starts_with("tests/files/none.toml: the file cannot be read"),
            "{stderr}"
        );
    }
}

#[test]
fn the_interface_is_named_in_the_file_only() {
    let (code, _, stderr) = isatap_ctl(&["-i", "isatap7", "check"]);
    assert_eq!(code, 2);
    assert!(
        stderr.contains("hint: the name of the interface is interface.name"),
        "{stderr}"
    );
}
