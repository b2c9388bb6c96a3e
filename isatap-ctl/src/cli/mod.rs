//! The command line: what is typed, what is printed and the exit codes.

mod addr;
mod check;
mod columns;
mod completions;
mod counters;
mod deadline;
mod down;
mod failure;
mod ifname;
mod man;
mod map;
mod neigh;
mod pins;
mod plan;
mod prl;
mod run;
mod stats;
mod status;
mod style;
mod target;
mod words;

use std::ffi::OsString;
use std::io::{BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::log;
pub use failure::Failure;
use style::Style;

/// Exit codes of every command.
pub mod exit {
    /// Failed at run time.
    pub const FAILED: u8 = 1;
    /// Wrong usage.
    pub const USAGE: u8 = 2;
    /// Nothing is running.
    pub const NOTHING_RUNNING: u8 = 3;
    /// The configuration or the kernel is unsuitable.
    pub const UNSUITABLE: u8 = 78;
}

/// ISATAP (RFC 5214) router and host for Linux, with its data path in the kernel
#[derive(Debug, Parser)]
#[command(name = "isatap-ctl", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// Print one JSON document instead of text
    #[arg(short, long, global = true)]
    json: bool,
    /// Log more; may be repeated
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Form of log lines
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        default_value_t
    )]
    log_format: log::Format,
    /// ISATAP interface [default: the only one there is, else isatap0]
    #[arg(short, long, global = true, value_name = "NAME", value_parser = target::name)]
    interface: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon in the foreground
    Run(run::Options),
    /// Check a configuration file and report every error in it
    Check(check::Options),
    /// Show what `run` would change right now, one action a line
    Plan(plan::Options),
    /// Tell the hosts of a router that it ceases, and remove everything that `run` made, and nothing else
    Down,
    /// Show role, interfaces, addresses, routers and counters
    Status(status::Options),
    /// Show or change the Potential Router List
    Prl(prl::Options),
    /// Show the nodes of the link, with their traffic
    Neigh(neigh::Options),
    /// Show the maps of the kernel programs by meaning
    Map(map::Options),
    /// Count packets and bytes by direction and layer
    Stats(stats::Options),
    /// Convert between IPv4 and ISATAP addresses
    Addr(addr::Options),
    /// Print completions for a shell
    Completions(completions::Options),
    /// Print the manual page, or write all of them to a directory
    Man(man::Options),
}

/// Parses `arguments`, does what they say and returns the exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let style = Style::of(&std::io::stderr());
    match cli.execute(style) {
        Ok(code) => code,
        Err(error) => failure::report(&error, style),
    }
}

/// Help and version are printed this way too, with exit code 0.
fn usage(error: &clap::Error) -> ExitCode {
    // Nobody is left to tell when standard error is closed.
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { exit::USAGE } else { 0 })
}

/// Where a command prints, and how.
struct Output<'a> {
    json: bool,
    style: Style,
    terminal: bool,
    to: &'a mut dyn Write,
}

impl Cli {
    fn execute(&self, errors: Style) -> Result<ExitCode> {
        let global = &self.global;
        log::init(
            self.log_level(),
            global.verbose,
            global.log_format,
            errors.is_on(),
        )?;
        let stdout = std::io::stdout();
        let output = &mut Output {
            json: global.json,
            style: Style::of(&stdout),
            terminal: stdout.is_terminal(),
            to: &mut BufWriter::new(stdout),
        };
        let code = self.command.execute(global, output)?;
        output.to.flush()?;
        Ok(code)
    }

    /// The daemon tells what it does, the other commands only what is wrong.
    const fn log_level(&self) -> tracing::Level {
        match self.command {
            Command::Run(_) => tracing::Level::INFO,
            _ => tracing::Level::WARN,
        }
    }
}

impl Command {
    fn execute(&self, global: &Global, output: &mut Output<'_>) -> Result<ExitCode> {
        let interface = global.interface.as_deref();
        match self {
            Self::Run(_) | Self::Check(_) | Self::Plan(_) if interface.is_some() => {
                Err(target::not_here().into())
            }
            Self::Run(options) => run::execute(options),
            Self::Check(options) => check::execute(options, output),
            Self::Plan(options) => plan::execute(options, output.json),
            Self::Down => down::execute(&target::interface(interface)),
            Self::Status(options) => {
                status::execute(options, &target::interface(interface), output)
            }
            Self::Prl(options) => prl::execute(options, &target::interface(interface), output),
            Self::Neigh(options) => neigh::execute(options, &target::interface(interface), output),
            Self::Map(options) => map::execute(options, &target::interface(interface), output),
            Self::Stats(options) => stats::execute(options, &target::interface(interface), output),
            Self::Addr(options) => addr::execute(options, output),
            Self::Completions(options) => completions::execute(options, output),
            Self::Man(options) => man::execute(options, output),
        }
    }
}

impl Output<'_> {
    /// Prints `document` as one JSON document.
    fn document(&mut self, document: &impl serde::Serialize) -> Result<()> {
        serde_json::to_writer_pretty(&mut self.to, document)?;
        writeln!(self.to)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn definitions_are_consistent() {
        Cli::command().debug_assert();
    }
}
