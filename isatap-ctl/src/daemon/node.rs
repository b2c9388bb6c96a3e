//! The running node: what it holds, and how it brings the kernel to what is wanted.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use anyhow::{Context as _, Result, bail};
use isatap_common::abi::PrlSource;
use tracing::{debug, info, warn};

use super::{
    desired::{self, Inputs},
    device::Device,
    discovery::Discovery,
    errors::Errors,
    lag::Lag,
    link::Link,
    messages::listen,
    parting::{self, Parting},
    probing::Probing,
    resolved::Resolved,
    succession::Memory,
    suspicions::Suspicions,
    world::World,
};
use crate::{
    clock::{self, Boottime},
    config::Settings,
    datapath::{Datapath, Hook, HookState, Tables},
    kernel::{
        Netlink, bpffs, capabilities,
        lock::Lock,
        sockets::{Icmpv4Socket, Icmpv6Socket, Protocol41Socket},
        sysctl,
    },
    nd::{Correspondents, reachability::Detector, router::Earlier, watch::Watch},
    plan::{self, Action},
    prl,
};

/// Everything that runs.
pub struct Node {
    pub(super) settings: Settings,
    pub(super) netlink: Netlink,
    pub(super) datapath: Datapath,
    pub(super) device: Device,
    pub(super) index: u32,
    pub(super) icmp: Option<Icmpv6Socket>,
    /// How many messages the socket has lost.
    pub(super) lost: u32,
    pub(super) protocol41: Protocol41Socket,
    pub(super) errors: Errors,
    pub(super) probing: Option<Probing>,
    pub(super) reports: Icmpv4Socket,
    pub(super) discovery: Discovery,
    pub(super) parting: Option<Parting>,
    pub(super) detector: Detector,
    pub(super) watch: Watch,
    pub(super) correspondents: Correspondents,
    pub(super) prl: prl::Table,
    pub(super) resolver: prl::Resolver,
    pub(super) resolved: Option<Resolved>,
    /// Solicitations wait for an answer from DNS.
    is_held: bool,
    pub(super) world: World,
    pub(super) tables: Option<Tables>,
    link: Link,
    pub(super) hooks: BTreeMap<Hook, HookState>,
    pub(super) lag: Lag,
    pub(super) suspicions: Suspicions,
    pub(super) directory: PathBuf,
    decap_l3: bool,
    /// What a start that is not complete has done.
    taken: Option<Vec<Action>>,
    pub(super) lock: Arc<Lock>,
}

impl Node {
    /// Adopts what an earlier process left, or sets everything up. What a first start has set up
    /// is taken back when it fails.
    pub async fn start(settings: Settings) -> Result<Self> {
        capabilities::check()?;
        let lock = Lock::acquire(&settings.interface.name)?;
        Self::start_with(settings, Arc::new(lock)).await
    }

    /// The same where the right to the interface is held already.
    pub(super) async fn start_with(settings: Settings, lock: Arc<Lock>) -> Result<Self> {
        let name = settings.interface.name.clone();
        let is_first = !bpffs::pin_directory(&name).exists();
        let mut node = match Self::set_up(settings, lock).await {
            Ok(node) => node,
            Err(error) => return Err(take_back(&name, is_first, error).await),
        };
        match node.reconcile().await {
            Ok(()) => {
                node.taken = None;
                Ok(node)
            }
            Err(error) => {
                if let (true, Some(taken)) = (is_first, &node.taken) {
                    plan::undo(&node.netlink, taken).await;
                }
                Err(take_back(&name, is_first, error).await)
            }
        }
    }

    async fn set_up(settings: Settings, lock: Arc<Lock>) -> Result<Self> {
        let name = settings.interface.name.clone();
        let directory = bpffs::prepare(&name)?;
        let netlink = Netlink::connect()?;
        let world = World::read(&netlink).await?;
        world.check_links(&settings)?;
        let mut datapath = Datapath::load(&directory, settings.datapath.hosts)?;
        let decap_l3 = datapath.has_decap_l3()?;
        let device = Device::open(&name)?;
        let world = World {
            links: netlink.links().await?,
            ..world
        };
        let link = netlink
            .link(&name)
            .await?
            .with_context(|| format!("{name} has vanished"))?;
        let mut node = Self {
            icmp: listen(&settings, link.index)?,
            lost: 0,
            protocol41: Protocol41Socket::open()?,
            errors: Errors::new(settings.datapath.icmp_rate)?,
            probing: Probing::new(&settings, link.index)?,
            reports: Icmpv4Socket::open()?,
            discovery: Discovery::new(&settings),
            parting: None,
            detector: Detector::new(fastrand::u64(..)),
            watch: Watch::new(fastrand::u64(..)),
            correspondents: Correspondents::new(fastrand::u64(..)),
            prl: prl::Table::default(),
            resolver: prl::Resolver::new(fastrand::u64(..)),
            resolved: None,
            is_held: false,
            tables: None,
            link: Link::default(),
            hooks: BTreeMap::new(),
            lag: Lag::default(),
            suspicions: Suspicions::default(),
            index: link.index,
            settings,
            netlink,
            datapath,
            device,
            world,
            directory,
            decap_l3,
            taken: Some(Vec::new()),
            lock,
        };
        node.read_prl();
        let advertises = parting::advertises(&node.settings);
        node.cease_unless(advertises);
        Ok(node)
    }

    /// Brings the kernel to what configuration, world and link want.
    pub async fn reconcile(&mut self) -> Result<()> {
        let world = World::read(&self.netlink).await?;
        let uplinks = &self.settings.interface.uplinks;
        if world.is_carrying(uplinks) && !self.world.is_carrying(uplinks) {
            self.resume();
        }
        if world.own() != self.world.own() {
            self.resolver.wake();
        }
        for news in world.news(&self.world, &self.settings) {
            info!("{news}");
        }
        self.world = world;
        if !self.has_device() {
            bail!("{} was deleted or renamed", self.settings.interface.name);
        }
        let locators = self.world.locators(&self.settings);
        self.prl.set_own(self.world.own());
        self.discovery.follow(&self.prl.members());
        let ours = self.world.mtu(&self.settings.interface);
        let (now, maps) = (clock::now(), &self.datapath.maps);
        let earlier = || Earlier {
            hosts: maps.clients.all(),
            routes: maps.told.all(),
        };
        self.discovery
            .configure(now, &self.settings, ours, &locators, earlier);
        self.remember_routes();
        self.follow_peers();
        let link = self.link_now();
        let mut inputs = self.inputs(link.clone());
        let mtu = desired::mtu(&self.settings, &self.world, &inputs);
        let wanted = desired::plan(&self.settings, &link, &locators, mtu, self.taken.is_some());
        let observed = plan::observe(&self.netlink, &wanted).await?;
        let actions = plan::diff(&wanted, &observed);
        let mut taken = Vec::new();
        let applied = plan::apply_all(&self.netlink, &actions, &mut taken).await;
        if let Some(start) = &mut self.taken {
            start.extend(taken);
        }
        applied?;
        self.discovery.set_forwarding(clock::now(), self.forwards());
        self.link = link;
        inputs.routes = if actions.iter().any(Action::is_about_a_route) {
            self.netlink.routes(self.index).await?
        } else {
            observed.all_routes
        };
        let redirectable = self.attach().await?;
        let tables = desired::tables(
            &self.settings,
            &self.world,
            &inputs,
            redirectable,
            self.nics(),
        );
        if tables.write(&mut self.datapath.maps)? {
            debug!("tables written");
        }
        self.tables = Some(tables);
        Ok(())
    }

    /// Whether the kernel forwards what comes in through the device. What cannot be read is no
    /// reason to say otherwise.
    fn forwards(&self) -> bool {
        let device = format!("net/ipv6/conf/{}/forwarding", self.settings.interface.name);
        let is_on = |key: &str| sysctl::read(key).map_or(true, |value| value != "0");
        is_on(desired::FORWARDING) && is_on(&device)
    }

    /// Asks routers and DNS anew: the uplink came back, or the machine slept and may be elsewhere.
    pub fn resume(&mut self) {
        self.discovery.link_up();
        self.watch.link_up();
        self.resolver.wake();
    }

    /// Whether the device that this process holds is still there by its name; another of that name
    /// is not it.
    pub fn has_device(&self) -> bool {
        let device = self.world.links.get(&self.index);
        device.is_some_and(|device| device.name == self.settings.interface.name)
    }

    /// Makes the programs look everything up anew.
    pub fn bump_generation(&mut self) {
        let Ok(mut config) = self.datapath.maps.config.get(&0, 0) else {
            return;
        };
        if config.generation == 0 {
            // The tables are not written yet.
            return;
        }
        config.generation = config.next_generation();
        if let Err(error) = self.datapath.maps.set_config(config) {
            warn!("CONFIG: {error}");
        }
    }

    fn inputs(&self, link: Link) -> Inputs {
        let source = |(ipv4, sources): (_, &BTreeSet<PrlSource>)| Some((ipv4, *sources.first()?));
        Inputs {
            device: self.index,
            link,
            prl: self.prl.iter().filter_map(source).collect(),
            routes: Vec::new(),
            decap_l3: self.decap_l3,
        }
    }

    /// Sends what is due. Returns whether the link may look different now.
    pub async fn tick(&mut self) -> bool {
        let now = clock::now();
        let mut due = self.watch_routers(now);
        self.is_held = self.discovery.is_soliciting(now) && !self.resolver.is_current(now);
        if !self.is_held {
            due.extend(self.discovery.poll(now));
        }
        due.extend(self.watch_peers(now));
        for message in due {
            self.detector.spoke(message.destination);
            if let Err(error) = self.send(&message).await {
                debug!("to {}: {error}", message.destination);
            }
        }
        self.remember_clients();
        self.part().await;
        self.probe().await;
        self.suspect(now);
        if !self.discovery.learns() {
            return false;
        }
        self.hand_over_resolvers(now);
        self.link_now() != self.link
    }

    /// What the link looks like.
    pub(super) fn link_now(&self) -> Link {
        let (discovery, settings) = (&self.discovery, &self.settings);
        let locators = self.world.locators(settings);
        discovery.link(clock::now(), settings, &locators, &self.detector)
    }

    /// When [`Self::tick`] has something to do, or there is a name to look up.
    pub fn next_deadline(&self) -> Option<Boottime> {
        let discovery = self.discovery.next_deadline().filter(|_| !self.is_held);
        let watching = self.discovery.learns() && self.probing.is_some();
        discovery
            .into_iter()
            .chain(Parting::next_deadline(self.parting.as_ref()))
            .chain(self.detector.next_deadline())
            .chain(self.watch.next_deadline())
            .chain(watching.then(|| self.correspondents.next_deadline()))
            .chain(self.resolver.next_deadline())
            .min()
    }

    /// Takes what another node of the same role has learned.
    pub(super) fn learn(&mut self, memory: Memory) {
        let Memory {
            discovery,
            detector,
            prl,
            resolver,
        } = memory;
        self.discovery = discovery;
        self.detector = detector;
        self.prl = prl;
        self.resolver = resolver;
        self.discovery.renew_clients();
        self.read_prl();
    }

    /// Takes a new configuration of the same role and name.
    pub async fn reload(&mut self, settings: Settings) -> Result<()> {
        let world = World::read(&self.netlink).await?;
        world.check_links(&settings)?;
        if Discovery::ear(&settings) != Discovery::ear(&self.settings) {
            self.icmp = listen(&settings, self.index)?;
            self.lost = 0;
        }
        if settings.datapath.hosts != self.settings.datapath.hosts {
            warn!("datapath.hosts changes when the maps are made anew, after isatap-ctl down");
        }
        self.errors.set_rate(settings.datapath.icmp_rate);
        Probing::follow(&mut self.probing, &settings, self.index)?;
        self.cease_unless(parting::advertises(&settings));
        self.forget_xdp();
        self.settings = settings;
        self.read_prl();
        self.reconcile().await
    }
}

/// Removes what a first start has left, and returns why it failed.
async fn take_back(name: &str, is_first: bool, error: anyhow::Error) -> anyhow::Error {
    if is_first && let Err(undo) = super::down::remove(name).await {
        warn!("what was set up could not be taken back: {undo:#}");
    }
    error
}
