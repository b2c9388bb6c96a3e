//! The steps of the story, each of which proves one claim and shows what it saw.

mod configure;
mod counters;
mod crash;
mod forged;
mod kernel_path;
mod layers;
pub mod native;
mod reach;
mod solicit;
mod status;
mod throughput;

pub use configure::configure;
pub use counters::counters;
pub use crash::{crash, flows_on};
pub use forged::forged;
pub use kernel_path::{forward_path, kernel_path};
pub use layers::layers;
pub use reach::reach;
pub use solicit::solicit;
pub use status::status;
pub use throughput::throughput;
