//! A throwaway network namespace for tests that change the kernel's state.

use nix::sched::{CloneFlags, unshare};

/// Runs `test` in a network namespace of its own, which ends with it. Needs root.
pub(crate) fn in_new<T, F>(test: impl FnOnce() -> F + Send + 'static) -> T
where
    F: Future<Output = T>,
    T: Send + 'static,
{
    let thread = std::thread::spawn(|| {
        unshare(CloneFlags::CLONE_NEWNET).expect("a network namespace; these tests run as root");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async { test().await })
    });
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
