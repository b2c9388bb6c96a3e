//! Which processor does the work.

use std::thread;

use anyhow::{Context as _, Result, anyhow};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

/// How many there are.
pub fn count() -> Result<usize> {
    Ok(thread::available_parallelism()?.get())
}

/// Runs a function on one processor, and so all that it starts: other threads, and what the kernel
/// does for its packets.
pub fn on<T: Send>(processor: usize, act: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    thread::scope(|scope| {
        let pinned = scope.spawn(|| {
            let mut set = CpuSet::new();
            set.set(processor)?;
            sched_setaffinity(Pid::from_raw(0), &set)
                .with_context(|| format!("processor {processor}"))?;
            act()
        });
        let outcome = pinned.join();
        outcome.map_err(|_| anyhow!("a thread on processor {processor} panicked"))?
    })
}
