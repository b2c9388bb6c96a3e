//! What packets cost in our programs; whether that is too much is decided outside.

use anyhow::{Result, ensure};

use crate::bench::cost;
use crate::bench::flow::BEHIND_SERVER;
use crate::config::{self, Xdp};
use crate::daemon::Daemon;
use crate::interop::case::Case;
use crate::interop::scene::Scene;
use crate::site::{NATIVE, SERVER};
use crate::stats::Stats;

pub const CASES: &[Case] = &[Case::new(
    "budget",
    "the kernel",
    "instructions for a packet in both directions, in XDP and in traffic control",
    case,
)
.on_counting_clock()
.on_each_kernel()];

fn case(scene: &mut Scene) -> Result<()> {
    let device = scene.names.router_device().to_owned();
    let config = |xdp| config::router(&device, xdp);
    let mut router = scene.start(&scene.site.router, &device, &config(Xdp::Auto))?;
    measure(scene, &router, "xdp")?;
    misses(scene, &router)?;
    // With a fresh datapath: what a reload leaves behind is another matter.
    router.down()?;
    router.configure(&config(Xdp::Off))?;
    router.resume()?;
    measure(scene, &router, "tc")?;
    router.down()?;
    router.configure(&config(Xdp::Forward))?;
    router.resume()?;
    measure(scene, &router, "tc-forward")
}

fn measure(scene: &mut Scene, router: &Daemon, path: &str) -> Result<()> {
    let before = Stats::read(router)?;
    let costs = cost::both_ways(&scene.site, path)?;
    let layer = path.trim_end_matches("-forward");
    let counted = Stats::read(router)?.since(&before);
    let elsewhere = counted
        .packets(|count| count.layer != layer || path != "tc" && count.reason == "delivered");
    scene.note(format!("{costs:?}\n{}", counted.lines().join("\n")));
    // Every sixteenth renewal of the cache goes through the stack.
    ensure!(
        elsewhere < 10,
        "not all packets went through {path}:\n{}",
        counted.lines().join("\n")
    );
    scene.costs(costs);
    Ok(())
}

fn misses(scene: &mut Scene, router: &Daemon) -> Result<()> {
    scene.site.router.run(&format!(
        "ip -6 route add {BEHIND_SERVER}/48 via {SERVER} dev {NATIVE}"
    ))?;
    let before = Stats::read(router)?;
    let costs = cost::misses(&scene.site)?;
    let counted = Stats::read(router)?.since(&before);
    scene.note(format!("{costs:?}\n{}", counted.lines().join("\n")));
    let cached = counted.packets(|count| count.direction == "out" && count.reason == "cached");
    ensure!(cached == 0, "{cached} packets were in the cache");
    scene.costs(costs);
    Ok(())
}
