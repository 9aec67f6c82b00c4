/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A host: where everything begins. Reading needs no rights beyond those that sysfs and netlink ask
 * for; changing needs root.
 *
 *     struct sriov_error error = { 0 };
 *     struct sriov *host;
 *     if (sriov_open(NULL, &host, &error) < 0)
 *         ...error.message...
 *
 * All functions return 0 or more, or -errno with `error` filled (it may be NULL); results are
 * untouched on failure. A host and what was got from it belong to one thread at a time. Nothing
 * here prints, installs signal handlers or changes the working directory.
 */
#ifndef SRIOV_HOST_H
#define SRIOV_HOST_H

#include <stddef.h>

#include "sriov/attr.h"
#include "sriov/error.h"

#pragma GCC visibility push(default)

struct sriov;    /* a host, as read at one moment */
struct sriov_pf; /* a physical function; belongs to its host */
struct sriov_vf; /* a virtual function; belongs to its PF */

/* The running machine. `state_dir` is where the ledger is kept, NULL for /var/lib/sriovd. Nothing
 * is read yet. */
int sriov_open(const char *state_dir, struct sriov **ret, struct sriov_error *error);

/* A machine as `sriovctl capture` wrote it down. It can be read and planned for, not changed. */
int sriov_open_capture(const char *file, struct sriov **ret, struct sriov_error *error);

/* Takes NULL; returns NULL. PFs, VFs and changes of this host end with it. */
struct sriov *sriov_close(struct sriov *host);

/* Reads the host. What was got before (PFs, VFs, changes) is no longer good. The functions below
 * read it by themselves the first time. */
int sriov_read(struct sriov *host, struct sriov_error *error);

/* How many PFs there are. */
int sriov_count_pfs(struct sriov *host, size_t *ret, struct sriov_error *error);

/* The i-th, in the order of their addresses; NULL if there are not as many, or nothing was read. */
const struct sriov_pf *sriov_pf_at(const struct sriov *host, size_t i);

/* By netdev name, altname, PCI address or MAC. -ENODEV. */
int sriov_pf_find(struct sriov *host, const char *name, const struct sriov_pf **ret,
                  struct sriov_error *error);

/* Text that lives as long as the PF: its netdev ("" if it has none), its bus and device as devlink
 * writes them ("pci/0000:01:00.0"), its kernel driver ("" if unbound). */
const char *sriov_pf_name(const struct sriov_pf *pf);
const char *sriov_pf_handle(const struct sriov_pf *pf);
const char *sriov_pf_driver(const struct sriov_pf *pf);

size_t sriov_pf_count_vfs(const struct sriov_pf *pf);
const struct sriov_vf *sriov_pf_vf(const struct sriov_pf *pf,
                                   size_t index); /* NULL if there is none */

/* The VF's PCI address, "" on a bus without addresses for VFs. */
const char *sriov_vf_pci(const struct sriov_vf *vf);

/* An attribute as text, the way `sriovctl set` takes it ("100", "on", "52:54:00:aa:bb:01"). 1 if it
 * is known, 0 if the driver or the kernel does not say (then the text is "-"). -ENOSPC if `size` is
 * too small; SRIOV_TEXT_SIZE is enough for every attribute. */
#define SRIOV_TEXT_SIZE 40
int sriov_pf_get(const struct sriov_pf *pf, enum sriov_attr attr, char *ret, size_t size);
int sriov_vf_get(const struct sriov_vf *vf, enum sriov_attr attr, char *ret, size_t size);

/* Everything, with holders, as `sriovctl list --json` prints it. The caller frees it with free().
 */
int sriov_list_json(struct sriov *host, char **ret, struct sriov_error *error);

#pragma GCC visibility pop

#endif
