//! `isatap-ctl plan`: the actions that `run` would take now, without taking them.

use std::{collections::BTreeMap, process::ExitCode};

use anyhow::Result;
use serde_json::json;

use super::{desired, discovery::Discovery, parting, succession::Identity, world::World};
use crate::{
    clock,
    config::{Settings, TcMode, XdpMode},
    control::{self, AdvertisedBy, Request, Role, SCHEMA, StatusDocument},
    datapath::Hook,
    kernel::{Netlink, bpffs},
    nd::reachability::Detector,
    plan::{self, Action},
};

/// Prints one action a line, or a JSON document.
pub async fn print(settings: &Settings, json: bool) -> Result<ExitCode> {
    let actions = actions(settings).await?;
    if json {
        println!(
            "{}",
            json!({
                "schema": SCHEMA,
                "interface": settings.interface.name,
                "advertised_by": AdvertisedBy::wanted(&settings.role),
                "actions": actions,
            })
        );
    } else if actions.is_empty() {
        println!("nothing to change");
    } else {
        for action in &actions {
            println!("{action}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn actions(settings: &Settings) -> Result<Vec<String>> {
    let netlink = Netlink::connect()?;
    let world = World::read(&netlink).await?;
    world.check_links(settings)?;
    let locators = world.locators(settings);
    let unwatched = Detector::new(0);
    let link = Discovery::new(settings).link(clock::now(), settings, &locators, &unwatched);
    let mtu = world.mtu(&settings.interface);
    let wanted = desired::plan(settings, &link, &locators, mtu, true);
    let mut observed = plan::observe(&netlink, &wanted).await?;
    let running = running(settings);
    let present = running.as_ref().map(identity);
    let mut actions = present.map_or_else(Vec::new, |present| end(&present, settings));
    let is_anew = !actions.is_empty();
    if is_anew {
        observed = observed.without_device(&settings.interface.name);
    }
    let steps = plan::diff(&wanted, &observed);
    actions.extend(steps.iter().map(ToString::to_string));
    actions.extend(attachments(settings, &world, is_anew));
    actions.extend(advertising(settings, running.filter(|_| !is_anew)));
    if !is_anew {
        actions.extend(farewell(&settings.interface.name, settings));
    }
    Ok(actions)
}

/// The daemon that would take the file by reload, or else that of the interface.
fn running(settings: &Settings) -> Option<StatusDocument> {
    let ask = |name: &str| {
        let answer: Result<Option<StatusDocument>> = control::ask(name, &Request::Status);
        answer.ok().flatten()
    };
    let file = std::path::absolute(&settings.file).ok();
    let mut others = control::interfaces()
        .into_iter()
        .filter_map(|name| ask(&name));
    let reader = others.find(|status| status.daemon.config == file);
    reader.or_else(|| ask(&settings.interface.name))
}

fn identity(running: &StatusDocument) -> Identity {
    Identity {
        name: running.interface.clone(),
        role: running.role,
    }
}

/// What a change of role or name takes away first; nothing if the node can stay.
fn end(present: &Identity, settings: &Settings) -> Vec<String> {
    let mut actions = present.changes(&Identity::of(settings));
    if actions.is_empty() {
        return actions;
    }
    actions.extend(farewell(&present.name, settings));
    let pinned = Hook::pinned(&bpffs::pin_directory(&present.name)).unwrap_or_default();
    actions.extend(pinned.into_keys().map(detach));
    let device = present.name.clone();
    actions.push(Action::DeleteDevice { device }.to_string());
    if present.role == Role::Router {
        actions.push(format!("leave {} as it is", desired::FORWARDING));
    }
    actions
}

fn detach(hook: Hook) -> String {
    format!("detach {} from interface {}", hook.program(), hook.index())
}

/// Who will answer Router Solicitations, unless that is so already.
fn advertising(settings: &Settings, running: Option<StatusDocument>) -> Option<String> {
    let name = &settings.interface.name;
    let wanted = AdvertisedBy::wanted(&settings.role)?;
    let present = running.and_then(|status| status.advertised_by);
    (present != Some(wanted)).then(|| match wanted {
        AdvertisedBy::Daemon => format!("answer Router Solicitations on {name}"),
        AdvertisedBy::Other => {
            format!("leave Router Solicitations on {name} to another program")
        }
    })
}

/// What the hosts of the interface `name` are told if it is that of no router any more.
fn farewell(name: &str, settings: &Settings) -> Option<String> {
    if parting::advertises(settings) {
        return None;
    }
    match parting::reliant(name) {
        0 => None,
        count => Some(format!(
            "tell {count} hosts that {name} is no router any more"
        )),
    }
}

/// Programs that are to be attached or detached; where everything is made anew none is attached yet.
fn attachments(settings: &Settings, world: &World, is_anew: bool) -> Vec<String> {
    let device = world
        .link(&settings.interface.name)
        .map_or(0, |link| link.index);
    let mut wanted = desired::hooks(settings, world, device);
    // Where XDP is wanted it is expected to attach.
    let by_xdp = wanted.keys().filter(|hook| matches!(hook, Hook::Xdp(_)));
    let by_xdp = by_xdp.map(|hook| hook.index()).collect();
    wanted.extend(desired::forwarding(settings, world, &by_xdp));
    let pins = bpffs::pin_directory(&settings.interface.name);
    let pinned = if is_anew {
        BTreeMap::new()
    } else {
        Hook::pinned(&pins).unwrap_or_default()
    };
    let substitute = substitute(settings);
    let missing = wanted.iter().filter(|(hook, _)| !pinned.contains_key(hook));
    let missing = missing.map(|(hook, place)| {
        let modes = place.modes.iter().map(ToString::to_string);
        let substitute = substitute.filter(|_| matches!(hook, Hook::Xdp(_)));
        let modes: Vec<String> = modes.chain(substitute.map(str::to_owned)).collect();
        format!(
            "attach {} to {} ({})",
            hook.program(),
            place.name,
            modes.join(", else ")
        )
    });
    let is_substitute = |hook: &Hook| {
        let is_instead = wanted.contains_key(&Hook::Xdp(hook.index()));
        matches!(hook, Hook::Forward(_)) && is_instead && substitute.is_some()
    };
    let surplus = pinned.keys();
    let surplus = surplus.filter(|hook| !wanted.contains_key(hook) && !is_substitute(hook));
    missing.chain(surplus.copied().map(detach)).collect()
}

/// What is attached where XDP cannot be.
fn substitute(settings: &Settings) -> Option<&'static str> {
    let datapath = &settings.datapath;
    let is_wanted = datapath.xdp == XdpMode::Auto && datapath.tc == TcMode::Forward;
    is_wanted.then(|| Hook::Forward(0).program())
}
