//! The command `isatap-ctl`.

fn main() {}
