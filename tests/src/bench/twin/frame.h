/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Where things are in a frame, and what it says of itself. */
#define ETHERNET 14
#define IPV4 20
#define IPV6 40
/* Where headers start in a frame of protocol 41, and in one of IPv6. */
#define OUTER ETHERNET
#define INNER (OUTER + IPV4)
#define PLAIN ETHERNET

/* A number in the frame, in the order of octets in which it stands there. */
#define AT(type, offset) (*(type *)(data + (offset)))

/* The length of the IPv6 packet at a place, if a router may forward it once more, or zero. */
static inline u32 length_of(void *data, int at)
{
	u32 payload = ntohs(AT(u16, at + 4));

	if (payload == 0 || AT(u8, at + 7) <= 1)
		return 0;
	return payload + IPV6;
}

/* Whether a frame is one of IPv4 without options that says about congestion as much as the inner header. */
static inline int begins_plainly(void *data)
{
	u32 first = AT(u32, OUTER - 2);

	if ((first & htonl(0xffffff03)) == htonl(0x08004500))
		return 1;
	return (first & htonl(0xffffff00)) == htonl(0x08004500) &&
	       ((first ^ htonl(AT(u8, INNER + 1) >> 4)) & htonl(3)) == 0;
}

static inline int outer_is_plain(void *data)
{
	u64 sum;

	if ((AT(u32, OUTER + 6) & ~htonl(0xc000ff00)) != htonl(41))
		return 0;
	sum = (u64)AT(u32, OUTER) + AT(u32, OUTER + 4) + AT(u32, OUTER + 8) +
	      AT(u32, OUTER + 12) + AT(u32, OUTER + 16);
	/* A multiple of 0xffff: its inverse makes a small quotient of it. */
	return sum * 0xfffefffefffeffffULL <= 0x7fffffff;
}
