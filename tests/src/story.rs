//! The story of a site that gets IPv6, step by step.

use std::time::Instant;

use anyhow::Result;

use crate::config::Xdp;
use crate::interrupt;
use crate::lab::Lab;
use crate::report::Report;
use crate::steps;

/// What a step saw, or why it did not hold.
pub type Evidence = Result<Vec<String>>;

struct Step {
    title: &'static str,
    run: fn(&mut Lab, Xdp) -> Evidence,
}

const STEPS: &[Step] = &[
    Step {
        title: "Hosts solicit, the router advertises",
        run: steps::solicit,
    },
    Step {
        title: "Hosts configure an address from the prefix",
        run: steps::configure,
    },
    Step {
        title: "Everybody reaches everybody, in any order, nothing lost",
        run: steps::reach,
    },
    Step {
        title: "TCP through the tunnel",
        run: steps::throughput,
    },
    Step {
        title: "The layer that should carries the packets",
        run: steps::layers,
    },
    Step {
        title: "A forged packet is dropped",
        run: steps::forged,
    },
    Step {
        title: "Packets flow on while the daemon is killed and restarted",
        run: steps::crash,
    },
    Step {
        title: "Without XDP: the kernel's way, against native IPv6",
        run: steps::kernel_path,
    },
    Step {
        title: "Without XDP, but from NIC to NIC, against native IPv6",
        run: steps::forward_path,
    },
    Step {
        title: "Status",
        run: steps::status,
    },
    Step {
        title: "No machine saw a damaged packet",
        run: steps::counters,
    },
];

/// Tells it; whether every step held.
pub fn tell(lab: &mut Lab, xdp: Xdp, report: Report) -> Result<bool> {
    let mut all_held = true;
    for (step, number) in STEPS.iter().zip(1..) {
        let start = Instant::now();
        let outcome = (step.run)(lab, xdp);
        interrupt::check()?;
        match outcome {
            Ok(evidence) => report.ok(number, step.title, start.elapsed(), &evidence),
            Err(error) => {
                report.failed(number, step.title, start.elapsed(), &error);
                all_held = false;
                if number == 1 {
                    report.say("The other steps stand on this one and are left out.");
                    break;
                }
            }
        }
    }
    Ok(all_held)
}
