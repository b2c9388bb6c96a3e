//! Neighbor Discovery messages (RFC 4861, RFC 4191, RFC 8106): bytes ⇄ values.
