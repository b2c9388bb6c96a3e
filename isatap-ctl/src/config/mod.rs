//! The configuration file: TOML as a person writes it, read into what it means.
//!
//! [`load`] reports every error of a file at once, each with its position and what would be right.

mod datapath;
mod diagnostic;
mod duration;
mod host;
mod interface;
mod mapping;
mod metrics;
mod prefix;
mod router;
mod saved;
mod schema;
mod settings;
mod six_rd;
mod value;

use std::path::Path;

pub use diagnostic::{Diagnostic, Diagnostics};
pub use saved::{SaveError, add_router, remove_router};
pub use settings::{
    AcceptDns, AdvertisedPrefix, AdvertisedRoute, Datapath, Dns, HostSettings, Interface, Lifetime,
    Mapping, Mtu, PathMtu, Preference, RoleSettings, RouterSettings, Settings, SixRd, TcMode,
    XdpMode,
};
pub use value::is_interface_name;

use interface::Role;
use schema::{Problems, Table};

/// The file that is read unless another is named.
pub const DEFAULT_FILE: &str = "/etc/isatap/isatap.toml";

/// Reads and checks the configuration in `path`.
pub fn load(path: &Path) -> Result<Settings, Diagnostics> {
    let bytes = std::fs::read(path).map_err(|error| Diagnostics::unreadable(path, &error))?;
    let text = String::from_utf8(bytes).map_err(|error| Diagnostics::not_utf8(path, &error))?;
    parse(path, &text)
}

/// Checks `text`, the content of `path`.
pub fn parse(path: &Path, text: &str) -> Result<Settings, Diagnostics> {
    let (document, syntax) = toml::de::DeTable::parse_recoverable(text);
    let problems = Problems::new(text, &syntax);
    let settings = settings(path, &Table::root(document.get_ref(), &problems));
    let errors = problems.errors(path);
    match settings {
        Some(settings) if errors.list().is_empty() => Ok(Settings {
            notes: problems.notes(path).into_list(),
            ..settings
        }),
        // Only a missing role leaves no settings, and that is an error.
        _ => Err(errors),
    }
}

fn settings(path: &Path, root: &Table<'_>) -> Option<Settings> {
    let (role, interface) = interface::read(&root.section("interface"));
    let datapath = datapath::read(&root.section("datapath"));
    if datapath.tc == TcMode::Forward && matches!(role, Some(Role::Host)) {
        let why = "a host receives for itself";
        root.section("datapath").idle("tc", why);
    }
    let role = role_settings(role, root);
    if let Some(RoleSettings::Router(router)) = &role {
        mapping::check(
            &root.section("router"),
            &router.mappings,
            &interface,
            &datapath,
        );
    }
    metrics::read(&root.section("metrics"));
    root.refuse_unknown();
    Some(Settings {
        file: path.to_path_buf(),
        interface,
        datapath,
        role: role?,
        notes: Vec::new(),
    })
}

/// Reads the table of `role`; without a role both, for the sake of their errors.
fn role_settings(role: Option<Role>, root: &Table<'_>) -> Option<RoleSettings> {
    let (router, host) = (root.section("router"), root.section("host"));
    match role {
        Some(Role::Router) => {
            refuse(root, &host, "host", "router");
            Some(RoleSettings::Router(router::read(&router)))
        }
        Some(Role::Host) => {
            refuse(root, &router, "router", "host");
            Some(RoleSettings::Host(host::read(&host)))
        }
        None => {
            router::read(&router);
            host::read(&host);
            None
        }
    }
}

fn refuse(root: &Table<'_>, table: &Table<'_>, name: &'static str, role: &str) {
    if table.is_present() {
        root.wrong_key(
            name,
            format!(
                "[{name}] has no place where interface.role = \"{role}\"; remove it or set the \
                 role to \"{name}\""
            ),
        );
    }
}

#[cfg(test)]
mod tests;
