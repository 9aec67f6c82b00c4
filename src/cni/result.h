/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Results of the specification, section 5: what the IPAM plugin answers, read; what ADD answers,
 * written in the form of the configuration's version.
 */
#ifndef CNI_RESULT_H
#define CNI_RESULT_H

#include "base/buf.h"
#include "base/node.h"
#include "cni/error.h"
#include "cni/version.h"
#include "kernel/rtnl.h"

struct cni_interface {
    char name[16];
    char mac[18]; /* "" unknown */
    char sandbox[256];
    char pci[16];
    unsigned mtu; /* 0: unknown */
};

struct cni_ip {
    char address[56]; /* "192.0.2.1/24" */
    char gateway[48]; /* "" none */
};

struct cni_route {
    char destination[56];
    char gateway[48]; /* "": that of the first address of the family that has one */
    uint32_t mtu, advmss, priority, table;
    int scope; /* -1: not given */
};

/* Addresses and routes of an IPAM plugin's answer. */
struct cni_addressing {
    struct node *document;
    struct cni_ip *ips;
    size_t n_ips;
    struct cni_route *routes;
    size_t n_routes;
};

extern const struct node_limits result_limits;

static inline bool ip_is_v6(const char *text)
{
    return strchr(text, ':') != NULL;
}

/* Code decoding for what is no such result. */
int addressing_read(const char *text, size_t len, struct cni_addressing *ret, struct cni_error *e);
void addressing_done(struct cni_addressing *a);

/* `prev` is prevResult, which ours is added to; NULL if there is none. */
void result_write(enum cni_version version, const struct cni_interface *interface,
                  const struct cni_addressing *addressing, const struct node *prev,
                  struct buf *out);

#endif
