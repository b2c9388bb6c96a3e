//! `cargo xtask fuzz`: what a host makes of Router Advertisements, many times over.

use anyhow::Result;

use crate::shell;

/// How much, and from where.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Arguments {
    /// How many sequences
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000_000)]
    sequences: u64,
    /// Seed of the first, the others follow; else a random one, which is printed
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

/// Runs the test of isatap-ctl that `cargo xtask test` runs for a few seconds, optimised and as long
/// as it takes. A sequence that breaks a promise is printed as short as it can be made.
pub fn run(arguments: &Arguments) -> Result<()> {
    let test = [
        "--profile",
        "fuzz",
        "-p",
        "isatap-ctl",
        "--test",
        "advertisements",
    ];
    let mut command = shell::command("cargo", &["test"])?;
    command
        .args(test)
        .args(["sequences_of_any_seed", "--", "--nocapture"]);
    command.env("ISATAP_SEQUENCES", arguments.sequences.to_string());
    if let Some(seed) = arguments.seed {
        command.env("ISATAP_SEED", seed.to_string());
    }
    shell::run_command(&mut command)
}
