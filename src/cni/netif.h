/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The interface in the container: the addresses and routes that the IPAM plugin gave.
 */
#ifndef CNI_NETIF_H
#define CNI_NETIF_H

#include "cni/call.h"
#include "cni/result.h"

/* Gives the interface, which is up, addresses and routes. Then tells the neighbours, who may
 * remember a pod that had the addresses before, and waits up to 200 ms for the carrier to do so. If
 * it fails, nothing is taken back: the VF's netdev goes home and loses all. */
int netif_configure(int netns, const char *ifname, const struct cni_addressing *addressing,
                    struct cni_error *e);

/* Is the interface as `expected` says (a prevResult)? Code failed, with what differs. */
int netif_check(int netns, const char *ifname, const char *sandbox, const struct node *expected,
                struct cni_error *e);

#endif
