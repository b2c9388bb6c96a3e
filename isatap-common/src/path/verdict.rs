/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on by this layer's own hand.
    Forward,
    /// The layer below decides.
    Pass,
    /// It ends here.
    Drop,
}

/// Declares [`Reason`] with its words, verdicts and explanations from one list.
macro_rules! reasons {
    ($($variant:ident, $name:literal, $verdict:ident, $text:literal;)+) => {
        /// Why a packet got its verdict: the index of the counter, the field of the log line, the
        /// label of the metric and the comment in a capture.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u32)]
        pub enum Reason {
            $(#[doc = $text] $variant,)+
        }

        impl Reason {
            /// Every reason, in the order of the counters.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];
            /// How many there are.
            pub const COUNT: usize = Self::ALL.len();

            /// The word that commands and metrics print.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// One sentence for people.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// What a packet of this reason comes to.
            #[inline(always)]
            pub const fn verdict(self) -> Verdict {
                match self { $(Self::$variant => Verdict::$verdict,)+ }
            }

            /// The reason of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|reason| reason.name() == name)
            }
        }
    };
}

reasons! {
    Cached, "cached", Forward, "Forwarded as the forwarding cache said.";
    Resolved, "resolved", Forward, "Forwarded after a full look-up, which filled the cache.";
    Delivered, "delivered", Forward, "Handed to the IPv6 stack on the ISATAP device.";
    Sent, "sent", Forward, "Sent by the IPv4 stack, which asks for neighbours and fragments.";
    NotOurs, "not_ours", Pass, "Neither protocol 41 to a locator nor IPv6 to an ISATAP address of the link.";
    Fragment, "fragment", Pass, "An IPv4 fragment, which the kernel reassembles.";
    Options, "options", Pass, "An IPv4 header with options, left to the kernel.";
    LinkScope, "link_scope", Pass, "Link-local or multicast, which the IPv6 stack decides on.";
    HopLimit, "hop_limit", Pass, "The hop limit is used up; the IPv6 stack answers.";
    TooBig, "too_big", Pass, "Larger than the way out takes; the IPv6 stack or the daemon answers.";
    Local, "local", Pass, "For this node itself, or for nowhere; the IPv6 stack decides.";
    Hairpin, "hairpin", Pass, "From the link and back into it; the IPv6 stack forwards it.";
    NoRoute, "no_route", Pass, "No route that a program may use; the kernel decides.";
    NoNeighbor, "no_neighbor", Pass, "The link-layer address is not resolved yet; the kernel asks for it.";
    NotLinked, "not_linked", Pass, "The way out is not a NIC that may be redirected to.";
    Revalidate, "revalidate", Pass, "Sent through the kernel once, so that it confirms the neighbour.";
    Unheard, "unheard", Pass, "To a host that was not heard from lately; the daemon probes it and holds the packet.";
    Tunnelled, "tunnelled", Pass, "Out of another tunnel, whose mark this kernel keeps; the daemon has the IPv4 stack send it.";
    Malformed, "malformed", Drop, "Lengths or versions of the headers contradict each other.";
    Checksum, "checksum", Drop, "The checksum of the outer IPv4 header is wrong.";
    SourceRoute, "source_route", Drop, "The outer IPv4 header has a source-route option.";
    OuterMartian, "outer_martian", Drop, "The outer source is special, a broadcast or multicast address.";
    OuterOwn, "outer_own", Drop, "The outer source is our own address.";
    OuterUnknown, "outer_unknown", Drop, "The outer source is outside the known IPv4 addresses of the site.";
    InnerMartian, "inner_martian", Drop, "The inner source is unspecified, loopback, multicast, of an IPv4 form, or embeds an IPv4 address that no node has.";
    InnerOwn, "inner_own", Drop, "The inner source is our own address.";
    SourceMismatch, "src_mismatch", Drop, "The inner source does not embed the outer source, which is no router of the list.";
    RouterLoop, "router_loop", Drop, "From a router to a router: the packet would go round.";
    EmbedsOwn, "embeds_own", Drop, "An off-link address embeds an IPv4 address of ours: the packet would go round.";
    Ecn, "ecn", Drop, "Congestion was marked on a packet that cannot say so (RFC 6040).";
    Nested, "nested", Drop, "A tunnel inside the tunnel, refused by configuration.";
    Jumbo, "jumbo", Drop, "The inner payload length is zero.";
    Multicast, "multicast", Drop, "IPv6 multicast is not defined on an ISATAP link.";
    NdHopLimit, "nd_hop_limit", Drop, "Neighbor Discovery with a hop limit other than 255.";
    NdSource, "nd_source", Drop, "A Router Advertisement or Redirect from a node that is no router of the list.";
    NdInvalid, "nd_invalid", Drop, "A solicitation or advertisement that RFC 4861 section 6.1 has us discard.";
    NdUnsolicited, "nd_unsolicited", Drop, "A Router Advertisement that nobody asked for from a router that is not known yet, or a Neighbor Advertisement of somebody who is not watched.";
    NdLimited, "nd_limited", Drop, "A Router Solicitation of a host that was not heard from, while more of these come than the daemon reads.";
    NdFull, "nd_full", Drop, "A Router Solicitation while too many hosts wait for an answer.";
    NdOverrun, "nd_overrun", Drop, "Neighbor Discovery that came faster than the daemon reads it.";
    NextHopMartian, "next_hop_martian", Drop, "The IPv4 address of the next hop is special, a broadcast or multicast address.";
    NextHopOwn, "next_hop_own", Drop, "The IPv4 address of the next hop is our own.";
    NextHopUnknown, "next_hop_unknown", Drop, "The IPv4 address of the next hop is outside the known ones of the site.";
    NoNextHop, "no_next_hop", Pass, "No next hop with an ISATAP address for the destination; the daemon answers.";
    NoLocator, "no_locator", Drop, "No locator to send from.";
    Silent, "silent", Drop, "To a host that did not answer when it was probed.";
    ProbeQueue, "probe_queue", Drop, "To a host that is being probed, for which enough packets wait.";
    ProbeLimit, "probe_limit", Drop, "To a host that was not heard from, while as many are probed as may be in a second.";
    HairpinRefused, "hairpin_refused", Drop, "From the link and back into it, refused by configuration.";
    Unanswerable, "unanswerable", Drop, "An ICMPv6 error was due, but none may be sent about such a packet (RFC 4443).";
    IcmpLimited, "icmp_limited", Drop, "An ICMPv6 error was due, but so many a second are not sent.";
    IcmpInvalid, "icmp_invalid", Drop, "An ICMPv4 error whose checksum or lengths are wrong.";
    IcmpShort, "icmp_short", Drop, "An ICMPv4 error that quotes too little to be believed or passed on.";
    IcmpForeign, "icmp_foreign", Drop, "An ICMPv4 error about a packet that this node would not have sent.";
    IcmpUnsent, "icmp_unsent", Drop, "An ICMPv4 error about a node that nothing was sent to lately.";
    IcmpNoNews, "icmp_no_news", Drop, "An ICMPv4 error that says no less of the path than is known.";
    IcmpPathMtu, "icmp_path_mtu", Forward, "An ICMPv4 error that lowered the path MTU to a node.";
    IcmpRelayed, "icmp_relayed", Forward, "An ICMPv4 error, passed on to the source of the packet as ICMPv6.";
    Unsupported, "unsupported", Drop, "The slow path does not know what to do with it.";
    Failed, "failed", Drop, "A kernel helper refused to rewrite or redirect the packet.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_unique_names_and_round_trip() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_name(reason.name()), Some(*reason));
        }
        assert_eq!(Reason::from_name("no such reason"), None);
    }
}
