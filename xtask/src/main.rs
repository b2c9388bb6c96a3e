//! Sets up, builds and runs.
fn main() {}
