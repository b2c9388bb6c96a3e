//! Log lines of the daemon and of the commands, to standard error or the journal.

use anyhow::{Context, Result};
use clap::ValueEnum;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The DNS library has a line for every stray datagram, which anybody can send; what comes of a
/// look-up it returns.
const DNS: [&str; 2] = ["hickory_net=error", "hickory_resolver=error"];

/// Where log lines go and how they look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines for people on standard error
    #[default]
    Text,
    /// One JSON object a line on standard error
    Json,
    /// Structured fields to the systemd journal
    Journald,
}

/// Starts logging, with every line from `default` up, and one level more for each of `verbose`.
/// `RUST_LOG` overrides both.
///
/// Lines of libraries that use the `log` crate are included.
pub fn init(default: tracing::Level, verbose: u8, format: Format, colour: bool) -> Result<()> {
    let mut filter = EnvFilter::builder()
        .with_default_directive(raised(default, verbose).into())
        .from_env_lossy();
    for directive in DNS {
        filter = filter.add_directive(directive.parse()?);
    }
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match format {
        Format::Text => registry.with(lines.with_ansi(colour)).try_init()?,
        Format::Json => registry.with(lines.json()).try_init()?,
        Format::Journald => {
            let journal = tracing_journald::layer().context("the systemd journal is not there")?;
            registry.with(journal).try_init()?;
        }
    }
    Ok(())
}

fn raised(level: tracing::Level, verbose: u8) -> tracing_subscriber::filter::LevelFilter {
    use tracing::Level;
    let levels = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG];
    let start = levels.iter().position(|other| *other == level);
    let place = start.unwrap_or(levels.len()) + usize::from(verbose);
    levels.get(place).copied().unwrap_or(Level::TRACE).into()
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn every_v_is_one_level() {
        assert_eq!(raised(Level::INFO, 0), Level::INFO);
        assert_eq!(raised(Level::INFO, 1), Level::DEBUG);
        assert_eq!(raised(Level::WARN, 1), Level::INFO);
        assert_eq!(raised(Level::TRACE, 0), Level::TRACE);
        assert_eq!(raised(Level::INFO, 200), Level::TRACE);
    }
}
