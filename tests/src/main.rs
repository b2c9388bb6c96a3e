//! Shows the product at work in a lab of network namespaces.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Parser, ValueEnum};

use isatap_tests::config::Xdp;
use isatap_tests::lab::Lab;
use isatap_tests::names::Names;
use isatap_tests::report::Report;
use isatap_tests::{interrupt, story, sweep};

#[derive(Parser)]
#[command(name = "isatap-lab", about)]
struct Arguments {
    /// The controller to show
    #[arg(long, value_name = "PROGRAM")]
    isatap_ctl: PathBuf,
    /// Leave after the last step; the exit code says whether every step held
    #[arg(long)]
    once: bool,
    /// The fast path of the router
    #[arg(long, value_enum, default_value_t = XdpArgument::Auto)]
    xdp: XdpArgument,
}

#[derive(Clone, Copy, ValueEnum)]
enum XdpArgument {
    Auto,
    Off,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<bool> {
    interrupt::catch()?;
    sweep::stale()?;
    show(arguments)
}

fn show(arguments: &Arguments) -> Result<bool> {
    let report = Report::new();
    let program = &arguments.isatap_ctl;
    let program = program
        .canonicalize()
        .with_context(|| program.display().to_string())?;
    let xdp = match arguments.xdp {
        XdpArgument::Auto => Xdp::Auto,
        XdpArgument::Off => Xdp::Off,
    };
    let mut lab = Lab::create(Names::plain(), &program)?;
    report.say(
        "host a 10.1.0.2 and host b 10.2.0.2 — IPv4 core — ISATAP router 10.9.0.2 — IPv6 server\n",
    );
    let all_held = story::tell(&mut lab, xdp, report)?;
    report.say(if all_held {
        "\nEvery step held."
    } else {
        "\nNot every step held."
    });
    if !arguments.once {
        stay(&lab, report);
    }
    Ok(all_held)
}

fn stay(lab: &Lab, report: Report) {
    let site = &lab.site;
    report.say("\nThe lab stays up until Ctrl-C. To look around:");
    for node in [
        &site.host_a,
        &site.host_b,
        &site.core,
        &site.router,
        &site.server,
    ] {
        report.say(&format!("  {}", node.entrance()));
    }
    // Ctrl-C is how this ends well.
    while interrupt::sleep(Duration::from_mins(1)).is_ok() {}
    report.say("\nremoving the lab");
}
