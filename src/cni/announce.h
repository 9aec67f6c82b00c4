/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Telling the neighbours who has an IPv4 address now (gratuitous ARP, RFC 5944 section 4.6): they
 * may remember the pod that had it before. IPv6 addresses are announced by the kernel
 * (ndisc_notify).
 */
#ifndef CNI_ANNOUNCE_H
#define CNI_ANNOUNCE_H

#include "cni/result.h"

#define ARP_PACKET_SIZE 28

/* `address` is "192.0.2.1/24". -EINVAL if it is none of IPv4. */
int announce_packet(const char *address, uint64_t mac, uint8_t ret[ARP_PACKET_SIZE]);

/* One packet for each IPv4 address, from the namespace of the calling thread. Best effort. */
void announce_send(int ifindex, uint64_t mac, const struct cni_addressing *addressing);

#endif
