mod errors;
mod quoted;
mod reports;
