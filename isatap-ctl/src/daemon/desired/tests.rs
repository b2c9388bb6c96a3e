use super::*;

#[test]
fn a_host_sends_with_the_hop_limit_of_its_router() {
    let hop_limit = |role: &str, hop_limit| {
        let text = format!("[interface]\nrole = \"{role}\"\nuplinks = [\"eth0\"]\n");
        let settings = crate::config::parse(std::path::Path::new("t.toml"), &text).unwrap();
        let link = Link {
            hop_limit,
            ..Link::default()
        };
        let mut sysctls = sysctls(&settings, &link).into_iter();
        sysctls.find(|(key, _)| key == "net/ipv6/conf/isatap0/hop_limit")
    };
    let value = |found: Option<(String, String)>| found.map(|(_, value)| value);
    assert_eq!(value(hop_limit("host", Some(40))).as_deref(), Some("40"));
    assert_eq!(value(hop_limit("host", None)).as_deref(), Some("64"));
    assert_eq!(hop_limit("router", None), None);
}
