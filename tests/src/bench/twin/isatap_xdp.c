// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The cached paths of isatap_xdp once more, in C, a program for each side: the same maps, the same
 * checks in the same order, the same accounts. What is not in the cache goes on where it goes on from the original. Only
 * measuring loads this; it shows what the language costs.
 */
#include "kernel.h"
#include "frame.h"
#include "maps.h"

#define FACTOR 0x9e3779b97f4a7c15ULL
#define LEAVE (-1)

static inline struct cache *cache_of_this_cpu(void)
{
	u32 cpu = get_smp_processor_id();

	return map_lookup_elem(&NEXT_HOPS, &cpu);
}

static inline u64 now(struct cache *cache)
{
	return jiffies64() + *(volatile u64 *)&cache->ahead;
}

static inline struct next_hop *way(struct cache *cache, u64 high, u64 low, u64 time)
{
	struct next_hop *line = &cache->next_hops[(high * FACTOR + low) * FACTOR >> 50];

	if (line->high != high || line->low != low || time >= line->until)
		return 0;
	return line;
}

static inline void forwarded(struct cache *cache, int direction, u32 length)
{
	cache->forwarded[direction].packets += 1;
	cache->forwarded[direction].bytes += length;
}

static inline void address(void *data, struct next_hop *line)
{
	AT(u64, 0) = *(u64 *)line->macs;
	AT(u32, 8) = line->macs[2];
}

static inline int inward(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct next_hop *line;
	struct source *source;
	struct cache *cache;
	u32 length, total;
	u64 prefix, id, time;
	u8 next;

	if (data + INNER + IPV6 > end)
		return LEAVE;
	cache = cache_of_this_cpu();
	if (!cache)
		return LEAVE;
	time = now(cache);
	if (!begins_plainly(data) || !outer_is_plain(data) || (AT(u16, INNER) & htons(0xf000)) != htons(0x6000))
		return LEAVE;
	length = length_of(data, INNER);
	total = ntohs(AT(u16, OUTER + 2));
	if (!length || length + IPV4 > total || OUTER + total > end - data)
		return LEAVE;
	next = AT(u8, INNER + 6);
	if ((next & 0x28) == 0x28 || next == 4)
		return LEAVE;

	prefix = AT(u64, INNER + 8);
	id = AT(u64, INNER + 16) & ~2ULL;
	source = &cache->sources[(prefix ^ id) * FACTOR >> 50];
	if (source->prefix != prefix || source->id != id || source->ends != AT(u64, OUTER + 12) ||
	    source->ifindex != ctx->ingress_ifindex || source->nic != AT(u64, 0) << 16 ||
	    time >= source->until)
		return LEAVE;
	line = way(cache, AT(u64, INNER + 24), AT(u64, INNER + 32), time);
	if (!line || line->ends >> 32 || length > line->mtu)
		return LEAVE;

	source->heard += ((u64)length << 24) | 1;
	forwarded(cache, 0, length);
	address(data + IPV4, line);
	AT(u16, INNER - 2) = htons(0x86dd);
	AT(u8, INNER + 7) -= 1;
	if (xdp_adjust_head(ctx, IPV4))
		return XDP_ABORTED;
	return redirect_map(&LINKS, line->egress, XDP_ABORTED);
}

/* Whether the source may be forwarded and embeds no IPv4 address, and the destination may be. */
static inline int is_ordinary(void *data)
{
	u64 source = ntohll(AT(u64, PLAIN + 8)), low = ntohll(AT(u64, PLAIN + 16));
	u64 destination = ntohll(AT(u64, PLAIN + 24));

	if (source >> 61 != 1 &&
	    (source >> 56 == 0xff || source >> 54 == 0x3fa ||
	     (source == 0 && (low >> 32 == 0 || low >> 32 == 0xffff))))
		return 0;
	if ((low >> 32 & ~0x02000000ULL) == 0x5efe || source >> 48 == 0x2002)
		return 0;
	return destination >> 61 == 1 || (destination >> 56 != 0xff && destination >> 54 != 0x3fa);
}

static inline int outward(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct next_hop *line;
	struct cache *cache;
	u32 length, total, class, sum;
	u16 identification;
	u64 time;

	if (data + PLAIN + IPV6 > end)
		return LEAVE;
	cache = cache_of_this_cpu();
	if (!cache)
		return LEAVE;
	time = now(cache);
	if (AT(u64, 0) << 16 != cache->nics[ctx->ingress_ifindex & 255] ||
	    (AT(u32, PLAIN - 2) & htonl(0xfffff000)) != htonl(0x86dd6000))
		return LEAVE;
	length = length_of(data, PLAIN);
	if (!length || PLAIN + length > end - data || !is_ordinary(data))
		return LEAVE;
	line = way(cache, AT(u64, PLAIN + 24), AT(u64, PLAIN + 32), time);
	total = length + IPV4;
	if (!line || !(line->ends >> 32) || total > line->mtu)
		return LEAVE;

	if (xdp_adjust_head(ctx, -IPV4))
		return LEAVE;
	line->sent += ((u64)length << 24) | 1;
	forwarded(cache, 1, length);
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + INNER + IPV6 > end)
		return XDP_ABORTED;
	class = ntohs(AT(u16, INNER)) >> 4 & cache->copied;
	identification = line->identification++;
	AT(u64, OUTER + 12) = line->ends;
	sum = line->sum + (u32)(cache->common >> 32) + htons(class) + htons(total) + identification;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~(sum + (sum >> 16)) & 0xffff;
	address(data, line);
	AT(u32, OUTER - 2) = 0x450008 | class << 24;
	AT(u32, OUTER + 2) = htons(total) | (u32)identification << 16;
	AT(u32, OUTER + 6) = (u32)cache->common;
	AT(u16, OUTER + 10) = sum;
	AT(u8, INNER + 7) -= 1;
	return redirect_map(&LINKS, line->egress, XDP_ABORTED);
}

SEC("xdp.frags")
int isatap_twin_in(struct xdp_md *ctx)
{
	int action = inward(ctx);

	if (action != LEAVE)
		return action;
	tail_call(ctx, &UNCACHED, 0);
	return XDP_PASS;
}

SEC("xdp.frags")
int isatap_twin_out(struct xdp_md *ctx)
{
	int action = outward(ctx);

	if (action != LEAVE)
		return action;
	tail_call(ctx, &UNCACHED, 1);
	return XDP_PASS;
}

SEC("license") char _license[] = "Dual MIT/GPL";
