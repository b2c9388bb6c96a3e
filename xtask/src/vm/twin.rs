//! Programs in C, which measuring sets beside ours: their cached paths, and the least that a tunnel can do.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::bpf::choose;
use crate::{packages, shell, workspace};

/// The same paths.
pub const TWIN: &str = "isatap_xdp";
/// The least.
pub const STATELESS: &str = "stateless";

/// Compiles one. Clang only reads the C; the optimiser and the instructions are those of the LLVM that
/// the original is compiled by, so that a difference is the language's.
pub fn build(name: &str) -> Result<PathBuf> {
    let llvm = choose::choose().and_then(|choice| choice.llvm_major());
    let llvm = llvm.context("no compiler for BPF")?;
    packages::ensure("the program in C", &[format!("llvm-{llvm}")])?;
    let directory = workspace::target()?.join("vm");
    fs::create_dir_all(&directory)?;
    let at = |end: &str| directory.join(format!("{name}{end}"));
    let (read, optimised, object) = (at(".bc"), at("-o.bc"), at(".o"));
    let source = workspace::root()?.join(format!("tests/src/bench/twin/{name}.c"));
    let flags = [
        "-O2", "-g", "-target", "bpf", "-mcpu=v3", "-Wall", "-Werror",
    ];
    let unoptimised = ["-Xclang", "-disable-llvm-passes", "-emit-llvm", "-c"];
    compile(
        "clang",
        &[&flags[..], &unoptimised].concat(),
        &source,
        &read,
    )?;
    let of_llvm = |name| format!("/usr/lib/llvm-{llvm}/bin/{name}");
    compile(&of_llvm("opt"), &["-O2"], &read, &optimised)?;
    let flags = ["-O2", "-march=bpf", "-mcpu=v3", "-filetype=obj"];
    compile(&of_llvm("llc"), &flags, &optimised, &object)?;
    Ok(object)
}

fn compile(program: &str, flags: &[&str], from: &Path, to: &Path) -> Result<()> {
    let mut compile = shell::command(program, flags)?;
    shell::run_command(compile.arg(from).arg("-o").arg(to))
}
