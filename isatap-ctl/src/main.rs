//! The command `isatap-ctl`.

use std::process::ExitCode;

fn main() -> ExitCode {
    isatap_ctl::cli::main(std::env::args_os())
}
