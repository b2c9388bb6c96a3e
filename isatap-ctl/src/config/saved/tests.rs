use std::os::unix::fs::PermissionsExt as _;

use super::*;

const A: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const B: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
const HEAD: &str = "[interface]\nrole = \"host\" # as it is\nuplinks = [\"eth0\"]\n";

/// A file that goes with the value.
struct Fixture(PathBuf);

impl Fixture {
    fn new(name: &str, text: &str) -> Self {
        let name = format!("isatap-saved-{name}-{}.toml", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, text).unwrap();
        Self(path)
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.0).unwrap()
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn routers_come_and_go_and_the_rest_stays_as_it_was_written() {
    let before = format!("{HEAD}\n[host]\nprl = [\"10.0.0.1\"] # routers\n");
    let file = Fixture::new("circle", &before);
    add_router(&file.0, A).unwrap();
    assert_eq!(file.text(), before, "it is there");
    add_router(&file.0, B).unwrap();
    let both = format!("{HEAD}\n[host]\nprl = [\"10.0.0.1\", \"10.0.0.2\"] # routers\n");
    assert_eq!(file.text(), both);
    remove_router(&file.0, B).unwrap();
    assert_eq!(file.text(), before);
    remove_router(&file.0, B).unwrap();
    assert_eq!(file.text(), before, "it is not there");
}

#[test]
fn a_list_of_lines_gets_a_line() {
    let file = Fixture::new(
        "lines",
        &format!("{HEAD}[host]\nprl = [\n  \"10.0.0.1\",\n]\n"),
    );
    add_router(&file.0, B).unwrap();
    let both = format!("{HEAD}[host]\nprl = [\n  \"10.0.0.1\",\n  \"10.0.0.2\",\n]\n");
    assert_eq!(file.text(), both);
}

#[test]
fn a_missing_list_is_made() {
    let file = Fixture::new("made", HEAD);
    add_router(&file.0, A).unwrap();
    assert_eq!(
        file.text(),
        format!("{HEAD}\n[host]\nprl = [\"10.0.0.1\"]\n")
    );
}

#[test]
fn the_file_keeps_its_rights_and_a_link_stays_a_link() {
    let file = Fixture::new("rights", HEAD);
    fs::set_permissions(&file.0, fs::Permissions::from_mode(0o640)).unwrap();
    let link = Fixture::new("link", "");
    fs::remove_file(&link.0).unwrap();
    std::os::unix::fs::symlink(&file.0, &link.0).unwrap();
    add_router(&link.0, A).unwrap();
    assert!(fs::symlink_metadata(&link.0).unwrap().is_symlink());
    assert!(file.text().contains("10.0.0.1"));
    let mode = fs::metadata(&file.0).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
fn a_file_that_is_not_right_is_left_as_it_is() {
    let router = HEAD.replace("\"host\"", "\"router\"");
    for (name, text, reason) in [
        ("syntax", "[interface", "expected"),
        ("shape", "host = 1\n", "host.prl is not a list in a table"),
        ("role", router.as_str(), "[host] has no place"),
    ] {
        let file = Fixture::new(name, text);
        let error = add_router(&file.0, A).unwrap_err().to_string();
        assert!(error.contains(reason), "{name}: {error}");
        assert_eq!(file.text(), text);
    }
    let error = add_router(Path::new("/nonexistent/file"), A).unwrap_err();
    assert!(error.to_string().starts_with("/nonexistent/file: "));
}
