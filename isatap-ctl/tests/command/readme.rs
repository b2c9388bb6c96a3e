use super::isatap_ctl;

/// What the documents show as a configuration is one.
#[test]
fn the_configurations_of_the_readme_are_valid() {
    let readme = std::fs::read_to_string("../README.md").unwrap();
    let blocks: Vec<&str> = readme
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert_eq!(blocks.len(), 2, "a router and a host");
    for (number, block) in blocks.iter().enumerate() {
        let file =
            std::env::temp_dir().join(format!("isatap-readme-{number}-{}", std::process::id()));
        std::fs::write(&file, block).unwrap();
        let (code, _, stderr) = isatap_ctl(&["check", "--config", file.to_str().unwrap()]);
        std::fs::remove_file(&file).unwrap();
        assert_eq!(code, 0, "{stderr}");
    }
}
