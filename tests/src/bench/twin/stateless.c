// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The least that a tunnel can do: what a frame says of itself is checked, and everything else is a constant. It knows no
 * host, prefix, locator or interface, asks nothing, counts nothing, and sends all to one neighbour. Only measuring
 * loads this; it shows what a processor takes for that much.
 */
#include "kernel.h"
#include "frame.h"

#define MTU 1500
/* A locator, and the sum of what is the same in each outer header with it. */
#define SOURCE htonl(0x0a090002)
#define HEADER (0x4500 + 0x4029 + 0x0a09 + 0x0002)

struct {
	__uint(type, MAP_DEVICES);
	__uint(key_size, 4);
	__uint(value_size, 8);
	__uint(max_entries, 2);
} DEVICES SEC(".maps");

static inline void address(void *data)
{
	AT(u32, 0) = 0x02000000;
	AT(u32, 4) = 0x00020100;
	AT(u32, 8) = 0x02000000;
}

/* Whether an address embeds one of IPv4, with either u bit. */
static inline int is_isatap(void *data, int at)
{
	return (AT(u32, at + 8) & ~htonl(0x02000000)) == htonl(0x5efe);
}

SEC("xdp.frags")
int stateless_in(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	u32 length, total;

	if (data + INNER + IPV6 > end || !begins_plainly(data) || !outer_is_plain(data) ||
	    (AT(u16, INNER) & htons(0xf000)) != htons(0x6000))
		return XDP_PASS;
	length = length_of(data, INNER);
	total = ntohs(AT(u16, OUTER + 2));
	if (!length || length + IPV4 > total || OUTER + total > end - data || length > MTU)
		return XDP_PASS;
	if (!is_isatap(data, INNER + 8) || AT(u32, INNER + 20) != AT(u32, OUTER + 12))
		return XDP_PASS;
	address(data + IPV4);
	AT(u16, INNER - 2) = htons(0x86dd);
	AT(u8, INNER + 7) -= 1;
	if (xdp_adjust_head(ctx, IPV4))
		return XDP_ABORTED;
	return redirect_map(&DEVICES, 0, XDP_ABORTED);
}

SEC("xdp.frags")
int stateless_out(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	u32 length, remote, sum;

	if (data + PLAIN + IPV6 > end || (AT(u32, PLAIN - 2) & htonl(0xfffff000)) != htonl(0x86dd6000))
		return XDP_PASS;
	length = length_of(data, PLAIN);
	if (!length || PLAIN + length > end - data || length + IPV4 > MTU || !is_isatap(data, PLAIN + 24))
		return XDP_PASS;
	remote = AT(u32, PLAIN + 36);
	if (xdp_adjust_head(ctx, -IPV4))
		return XDP_PASS;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + INNER + IPV6 > end)
		return XDP_ABORTED;
	sum = htons(HEADER) + htons(length + IPV4) + (remote & 0xffff) + (remote >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~(sum + (sum >> 16)) & 0xffff;
	address(data);
	AT(u32, OUTER - 2) = htonl(0x08004500);
	AT(u32, OUTER + 2) = htons(length + IPV4);
	AT(u32, OUTER + 6) = htonl(0x00004029);
	AT(u16, OUTER + 10) = sum;
	AT(u32, OUTER + 12) = SOURCE;
	AT(u32, OUTER + 16) = remote;
	AT(u8, INNER + 7) -= 1;
	return redirect_map(&DEVICES, 1, XDP_ABORTED);
}

SEC("license") char _license[] = "Dual MIT/GPL";
