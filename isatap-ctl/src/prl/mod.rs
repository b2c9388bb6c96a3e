//! The Potential Router List (RFC 5214 section 8.1): which IPv4 addresses are routers of the
//! link, and who says so.

pub mod resolver;
mod table;

pub use resolver::Resolver;
pub use table::{PrlError, Table};
