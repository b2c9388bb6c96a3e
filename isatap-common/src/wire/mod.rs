//! Headers as values.
