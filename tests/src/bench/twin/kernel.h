/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What of the kernel's own headers is needed, for little-endian processors. */
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int (*name)[value]
#define __type(name, value) typeof(value) *name
#define inline inline __attribute__((always_inline))

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define htons(x) ((u16)__builtin_bswap16(x))
#define htonl(x) ((u32)__builtin_bswap32(x))
#define ntohs htons
#define ntohl htonl
#define ntohll(x) __builtin_bswap64(x)

enum { XDP_ABORTED = 0, XDP_PASS = 2 };
enum { MAP_ARRAY = 2, MAP_PROGRAMS = 3, MAP_DEVICES = 14, MAP_DEVICES_HASH = 25 };
enum { MMAPABLE = 1 << 10 };

struct xdp_md {
	u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex;
};

static void *(*map_lookup_elem)(void *map, const void *key) = (void *)1;
static u32 (*get_smp_processor_id)(void) = (void *)8;
static long (*tail_call)(void *ctx, void *map, u32 index) = (void *)12;
static long (*xdp_adjust_head)(struct xdp_md *ctx, int by) = (void *)44;
static long (*redirect_map)(void *map, u64 key, u64 flags) = (void *)51;
static u64 (*jiffies64)(void) = (void *)118;
