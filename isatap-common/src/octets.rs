//! Bounds-checked reads of a packet.
