/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pools of VFs as libvirt has them: networks from which each domain gets a VF of its own, passed
 * through by PCI address (hostdev) or as a macvtap on its netdev. Those we keep bear a mark in
 * their <metadata>, so that it goes where the network goes; of others nothing is changed.
 *
 * libvirt 11.3 takes no other list of a hostdev network that is active (virNetworkUpdate refuses
 * the section), and forgets who has what when a network is stopped. So such a network is made anew
 * at once, and what its domains have is claimed back for them (VIR_NETWORK_PORT_CREATE_RECLAIM).
 * They do not notice: nothing of a network is in the way between a VM and its VF.
 */
#ifndef VM_NETWORK_H
#define VM_NETWORK_H

#include "base/buf.h"
#include "base/str.h"
#include "core/error.h"

#define NETWORK_NAMESPACE "urn:sriovd:network:1"
#define NETWORK_NAME_SIZE 64
#define NETWORK_MEMBER_SIZE 16
#define NETWORK_HOSTDEV "hostdev"

/* What a domain has of a network. */
struct network_port {
    char owner[64];                   /* the domain */
    char member[NETWORK_MEMBER_SIZE]; /* PCI address, or netdev; "" none */
};

struct network {
    char name[NETWORK_NAME_SIZE];
    char uuid[40];  /* "" for one that is not known to libvirt yet */
    char mode[16];  /* of <forward>: NETWORK_HOSTDEV, or of a macvtap; "" none */
    char from[256]; /* of our mark: where its VFs come from; "" none of ours */
    bool active;
    struct strv members; /* PCI addresses, else netdevs */
    struct network_port *ports;
    size_t n_ports;
};

void network_done(struct network *n);

/* ---- text (network-text.c) ---- */

/* 0 or -ENOMEM; what `text` does not say is empty. */
int network_parse(const char *text, struct network *ret);
void network_port_parse(const char *text, struct network_port *ret);
void network_xml(const struct network *n, struct buf *ret);

/* ---- libvirt ---- */

struct networks; /* a connection */

/* `uri` NULL: the default. Errors as domain_open. */
int networks_open(const char *uri, struct networks **ret, struct sriov_error *error);
struct networks *networks_close(struct networks *all); /* NULL is fine; returns NULL */
DEFINE_CLEANUP(struct networks *, networks_close)

/* The names of those that bear our mark, in order. */
int networks_ours(struct networks *all, struct strv *ret, struct sriov_error *error);

/* Of one that is active what is in force, else its configuration. -ENOENT (code no device): there
 * is no network of this name. */
int networks_read(struct networks *all, const char *name, struct network *ret,
                  struct sriov_error *error);

/* Makes the configuration of a network what `n` says (name, uuid, mode, from, members), starts it,
 * and has it started with libvirt from now on. */
int networks_define(struct networks *all, const struct network *n, struct sriov_error *error);

/* Another list of members for a network that was just read; those that a domain has must be in it.
 * One that is not active stays so. */
int networks_change(struct networks *all, const struct network *now, const struct strv *members,
                    struct sriov_error *error);

/* Stops it and forgets it. */
int networks_remove(struct networks *all, const char *name, struct sriov_error *error);

/* The configurations of all domains, as XML. */
int networks_domains(struct networks *all, struct strv *ret, struct sriov_error *error);

#endif
