//! Where programs shall be.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    config::{RoleSettings, Settings, TcMode, XdpMode},
    daemon::world::World,
    datapath::{AttachedMode, Hook, HookState, Nics, Side},
    kernel::{links, release::Release},
};

/// Where a program shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Name of the NIC.
    pub name: String,
    /// The modes to try, best first.
    pub modes: Vec<AttachedMode>,
    /// Whose program it is, if it is one of XDP; the others are for whatever comes.
    pub side: Side,
}

/// The programs' places. A host has none on its NICs but the traffic control program: what it
/// receives is for itself, and XDP would only cost it its segmentation offload.
pub fn hooks(settings: &Settings, world: &World, device: u32) -> BTreeMap<Hook, Place> {
    let mut hooks = BTreeMap::from([(Hook::Out(device), by_tc(&settings.interface.name))]);
    let uplinks = &settings.interface.uplinks;
    hooks.extend(
        world
            .present(uplinks)
            .map(|link| (Hook::In(link.index), by_tc(&link.name))),
    );
    let (RoleSettings::Router(router), Some(modes)) =
        (&settings.role, modes(settings.datapath.xdp))
    else {
        return hooks;
    };
    let nics = sides(uplinks, &router.links, world).into_iter();
    let nics = nics.filter(|(link, _)| unfit_for_xdp(settings, world, link).is_none());
    hooks.extend(nics.map(|(link, side)| {
        (
            Hook::Xdp(link.index),
            Place {
                name: link.name.clone(),
                modes: modes.clone(),
                side,
            },
        )
    }));
    hooks
}

/// The NICs of a router with the sides that they are on.
fn sides<'a>(
    uplinks: &'a [String],
    native: &'a [String],
    world: &'a World,
) -> Vec<(&'a links::Link, Side)> {
    let of = |names, side| world.present(names).map(move |link| (link, side));
    let mut sides: BTreeMap<u32, (&links::Link, Side)> = BTreeMap::new();
    for (link, side) in of(uplinks, Side::Uplink).chain(of(native, Side::Native)) {
        let both = sides.get(&link.index).map(|(_, other)| side.and(*other));
        sides.insert(link.index, (link, both.unwrap_or(side)));
    }
    sides.into_values().collect()
}

/// The largest MTU of which a frame fits in one page of 4096 octets: 256 before it and 320 behind it are
/// the kernel's, 22 are those of Ethernet with two tags.
const LARGEST_IN_ONE_PIECE: u32 = 3498;

/// Why the NIC is left to traffic control unless the configuration insists on XDP, which forwards frames
/// alone, does not see a tag that the NIC has taken out of one, sends nothing out of a VLAN, and on older
/// kernels loses frames that do not fit in a page.
pub fn unfit_for_xdp(settings: &Settings, world: &World, link: &links::Link) -> Option<String> {
    if settings.datapath.xdp != XdpMode::Auto {
        None
    } else if link.mac.is_none() {
        Some("it has no link-layer address".to_owned())
    } else if link.is_vlan() {
        Some("a VLAN, whose frames the NIC below may have".to_owned())
    } else if link.mtu > LARGEST_IN_ONE_PIECE && world.release < Release::REDIRECTS_PIECES {
        Some("its frames are too large for XDP before Linux 6.3".to_owned())
    } else {
        let vlan = world.vlans(link).next()?;
        Some(format!(
            "it carries the VLAN {}, and XDP may not see the tags",
            vlan.name
        ))
    }
}

/// The NICs that frames may be redirected to. From XDP in a driver they can only go to XDP in a
/// driver; from elsewhere they go anywhere.
pub fn redirectable(hooks: &BTreeMap<Hook, HookState>) -> BTreeSet<u32> {
    let forwards = |(hook, state): (&Hook, &HookState)| {
        let is_forwarding = match hook {
            Hook::Xdp(_) => state.mode != AttachedMode::Tc,
            Hook::Forward(_) => true,
            Hook::In(_) | Hook::Out(_) => false,
        };
        is_forwarding.then_some((hook.index(), state.mode))
    };
    let forwarding: Vec<_> = hooks.iter().filter_map(forwards).collect();
    let is_native = |mode: AttachedMode| mode == AttachedMode::Native;
    let any_native = forwarding.iter().any(|(_, mode)| is_native(*mode));
    let reached = forwarding.into_iter();
    let reached = reached.filter(|(_, mode)| !any_native || is_native(*mode));
    reached.map(|(index, _)| index).collect()
}

/// The addresses of the NICs `by_xdp`, on which XDP forwards. One without an address receives no frames, and
/// what it receives is the kernel's.
pub fn nics(world: &World, by_xdp: &BTreeSet<u32>) -> Nics {
    let address = |index: &u32| Some((*index, world.links.get(index)?.mac?));
    Nics::new(&by_xdp.iter().filter_map(address).collect())
}

/// The places of the program that forwards in traffic control: NICs of a router that wants it, but
/// those in `by_xdp`, on which XDP does. Only frames have the header that it reads and writes.
pub fn forwarding(
    settings: &Settings,
    world: &World,
    by_xdp: &BTreeSet<u32>,
) -> BTreeMap<Hook, Place> {
    let (RoleSettings::Router(router), TcMode::Forward) = (&settings.role, settings.datapath.tc)
    else {
        return BTreeMap::new();
    };
    let uplinks = world.present(&settings.interface.uplinks);
    let nics = uplinks.chain(world.present(&router.links));
    nics.filter(|link| link.mac.is_some() && !by_xdp.contains(&link.index))
        .map(|link| (Hook::Forward(link.index), by_tc(&link.name)))
        .collect()
}

fn by_tc(name: &str) -> Place {
    Place {
        name: name.to_owned(),
        modes: vec![AttachedMode::Tc],
        side: Side::Both,
    }
}

fn modes(xdp: XdpMode) -> Option<Vec<AttachedMode>> {
    match xdp {
        XdpMode::Auto => Some(vec![AttachedMode::Native, AttachedMode::Generic]),
        XdpMode::Native => Some(vec![AttachedMode::Native]),
        XdpMode::Generic => Some(vec![AttachedMode::Generic]),
        XdpMode::Off => None,
    }
}

#[cfg(test)]
mod tests;
