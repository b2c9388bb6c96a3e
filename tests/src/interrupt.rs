//! Ctrl-C and SIGTERM end the lab in order, so that what it made is removed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

/// For so long a signal may go unseen. Where a guest counts instructions waiting is free and waking is not.
const GLANCE: Duration = Duration::from_millis(50);

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static CLEANING_UP: AtomicBool = AtomicBool::new(false);

/// From now on both signals set a flag that every wait looks at.
pub fn catch() -> Result<()> {
    let action = SigAction::new(
        SigHandler::Handler(note),
        SaFlags::SA_RESTART,
        SigSet::empty(),
    );
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        #[expect(
            unsafe_code,
            reason = "a handler is the only way not to block the signals in children"
        )]
        // SAFETY: the handler stores to an atomic and does nothing else.
        unsafe {
            sigaction(signal, &action)?;
        }
    }
    Ok(())
}

/// Fails once a signal has come.
pub fn check() -> Result<()> {
    if INTERRUPTED.load(Ordering::Relaxed) && !CLEANING_UP.load(Ordering::Relaxed) {
        bail!("interrupted");
    }
    Ok(())
}

/// From now on signals are ignored: cleaning up starts commands and waits too.
pub fn cleaning_up() {
    CLEANING_UP.store(true, Ordering::Relaxed);
}

/// Sleeps, unless interrupted.
pub fn sleep(time: Duration) -> Result<()> {
    let end = Instant::now() + time;
    while Instant::now() < end {
        check()?;
        thread::sleep(GLANCE.min(end - Instant::now().min(end)));
    }
    check()
}

/// Asks again and again until there is an answer, the time is over (`None`) or a signal comes.
pub fn poll<T>(limit: Duration, ask: impl FnMut() -> Result<Option<T>>) -> Result<Option<T>> {
    poll_every(Duration::from_millis(20), limit, ask)
}

/// [`poll`] at another pace, where asking costs more than waiting.
pub fn poll_every<T>(
    pace: Duration,
    limit: Duration,
    mut ask: impl FnMut() -> Result<Option<T>>,
) -> Result<Option<T>> {
    let end = Instant::now() + limit;
    loop {
        if let Some(answer) = ask()? {
            return Ok(Some(answer));
        }
        if Instant::now() >= end {
            return Ok(None);
        }
        sleep(pace)?;
    }
}

extern "C" fn note(_: i32) {
    INTERRUPTED.store(true, Ordering::Relaxed);
}
