/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The maps as isatap_common::abi lays them out. The loader takes those that the daemon pinned. */

/* Indexes in COUNTERS: direction, layer, reason. */
#define REASONS 43
#define IN_XDP_CACHED 0
#define OUT_XDP_CACHED (3 * REASONS)

struct source {
	u64 prefix, heard;
	u32 remote, local, ifindex, stamp;
};

struct next_hop {
	u64 high, low, sent;
	u32 macs[3];
	u32 egress, stamp, remote, local;
	u16 sum, mtu, identification;
	u8 ttl, copied, refills, reserved[3];
};

struct cache {
	u32 offset, fresh;
	u64 reserved[7];
	struct source sources[1 << 14];
	struct next_hop next_hops[1 << 14];
};

_Static_assert(sizeof(struct source) == 32, "half a cache line");
_Static_assert(sizeof(struct next_hop) == 64, "a cache line");

struct stamp {
	u32 now, fresh;
};

struct counter {
	u64 packets, bytes;
};

struct {
	__uint(type, MAP_ARRAY);
	__type(key, u32);
	__type(value, struct cache);
	__uint(max_entries, 1);
	__uint(map_flags, MMAPABLE);
} NEXT_HOPS SEC(".maps");

struct {
	__uint(type, MAP_PERCPU_ARRAY);
	__type(key, u32);
	__type(value, struct counter);
	__uint(max_entries, 6 * REASONS);
} COUNTERS SEC(".maps");

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
	__uint(max_entries, 2);
} UNCACHED SEC(".maps");
