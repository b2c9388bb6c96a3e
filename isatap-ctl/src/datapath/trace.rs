//! The programs' log lines, in builds for developers only (feature `trace`).

use std::time::Duration;

use aya::Ebpf;
use aya_log::EbpfLogger;
use tracing::warn;

/// How often the lines are fetched.
const PERIOD: Duration = Duration::from_millis(100);

/// Forwards the lines to the log until the process ends. To be called before the maps are taken,
/// within a tokio runtime.
pub fn forward(ebpf: &mut Ebpf) {
    let mut logger = match EbpfLogger::init(ebpf) {
        Ok(logger) => logger,
        Err(error) => {
            warn!("no log of the programs: {error}");
            return;
        }
    };
    tokio::spawn(async move {
        loop {
            logger.flush();
            tokio::time::sleep(PERIOD).await;
        }
    });
}
