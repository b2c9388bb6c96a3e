/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The maps as isatap_common::abi lays them out. The loader takes those that the daemon pinned. */

struct source {
	u64 prefix, until, heard, id, ends, nic;
	u32 ifindex, reserved[3];
};

struct next_hop {
	u64 high, low, until, sent;
	u32 macs[3];
	u32 egress;
	u64 ends;
	u16 sum, mtu, identification;
	u8 reserved, refills;
};

struct counter {
	u64 packets, bytes;
};

struct cache {
	u64 ahead;
	struct counter forwarded[2];
	u8 copied, reserved[7];
	u64 common, samplers;
	u64 nics[256];
	struct source sources[1 << 14];
	struct next_hop next_hops[1 << 14];
	u64 blocks[((64 + 128) << 13) / 8];
};

_Static_assert(sizeof(struct source) == 64, "a cache line");
_Static_assert(sizeof(struct next_hop) == 64, "a cache line");

struct {
	__uint(type, MAP_ARRAY);
	__type(key, u32);
	__type(value, struct cache);
	__uint(max_entries, 1);
	__uint(map_flags, MMAPABLE);
} NEXT_HOPS SEC(".maps");

struct {
	__uint(type, MAP_DEVICES_HASH);
	__uint(key_size, 4);
	__uint(value_size, 8);
	__uint(max_entries, 256);
} LINKS SEC(".maps");

struct {
	__uint(type, MAP_PROGRAMS);
	__uint(key_size, 4);
	__uint(value_size, 4);
	__uint(max_entries, 8);
} UNCACHED SEC(".maps");
