//! The one processor that the daemon has.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::{Pid, SysconfVar, sysconf};

/// How often the daemon looks how late it is.
const PACE: Duration = Duration::from_millis(100);

/// Keeps a process, or the calling thread (0), on the first processor.
pub fn pin(process: u32) -> Result<()> {
    let mut processor = CpuSet::new();
    processor.set(0)?;
    let process = Pid::from_raw(i32::try_from(process)?);
    Ok(sched_setaffinity(process, &processor)?)
}

/// Time of a processor that a process has taken, in its own code and in the kernel.
pub fn busy(process: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u64>);
    let ticks: u64 = ticks.sum::<Result<_, _>>().context("utime and stime")?;
    let rate = sysconf(SysconfVar::CLK_TCK)?.context("no CLK_TCK")?;
    Ok(Duration::from_millis(ticks * 1000 / u64::try_from(rate)?))
}

/// How late a thread on that processor wakes that does nothing else; the latest last.
pub fn sleep_until(end: Instant) -> Result<Vec<Duration>> {
    pin(0)?;
    let (mut due, mut late) = (Instant::now(), Vec::new());
    while due < end {
        due += PACE;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        late.push(due.elapsed());
    }
    late.sort_unstable();
    Ok(late)
}
