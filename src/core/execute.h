/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The steps of a plan against the kernel, without journal or undo (apply.c adds those). Netlink
 * steps that follow one another travel together, binds run in parallel; after VFs appear it waits
 * for their netdevs and for udev by events, not by sleeping.
 */
#ifndef CORE_EXECUTE_H
#define CORE_EXECUTE_H

#include "core/apply.h"

/* Runs all steps until one fails; states are set in the plan. 0, or the error of the first that
 * failed. */
int plan_execute(struct backend *b, struct plan *p, const struct apply_options *options,
                 struct sriov_error *error);

/* Reads the machine again and compares with the plan's goals: 0, or -EIO with the first difference
 * in `error` ("accepted, but ..."). */
int plan_verify(struct backend *b, const struct plan *p, struct sriov_error *error);

/* Binding (bind.c): runs the bind steps steps[0..count) in parallel. */
int execute_binds(struct backend *b, struct plan *p, struct step *steps, size_t count,
                  struct sriov_error *error);

/* False if the modules' own lists (depmod's) say that `driver` is for other devices than this VF;
 * true also if nothing is known. Drivers that hand devices to programs are for all (alias.c). */
bool driver_is_for(struct backend *b, const char *driver, const struct vf *vf);

/* Unbinds a VF and binds it to the same driver again: what it had, its netdev in whatever network
 * namespace included, is gone, and a new netdev appears here. */
int execute_rebind(struct backend *b, const struct vf *vf, struct sriov_error *error);

/* Loads the module of a VF's default driver, which takes its VFs as it starts: udev would, by the
 * same alias, but some time later. *loaded, first NULL and to be freed, keeps the last alias, since
 * VFs share theirs. */
void execute_load_default(struct backend *b, const struct vf *vf, char **loaded);

/* A bind that was cut short may leave its driver_override behind on a VF whose driver is as it was,
 * and the next probe would go by it: puts those right of all VFs whose driver the goals name. */
int execute_overrides(struct backend *b, const struct plan *p, struct sriov_error *error);

/* Before autoprobe is turned on: sees to it that the VFs that are to have no driver do not get one.
 */
int execute_keep_unbound(struct backend *b, const struct goal *g, struct sriov_error *error);

/* Waiting (settle.c). `e` must be open since before the change whose effects are waited for; NULL:
 * look once, wait for nothing. settle_vfs returns when every VF of the PF that is a NIC with a
 * kernel driver has its netdev and udev is done with it, settle_carrier when the PF has link, both
 * at the latest after SETTLE_SECONDS; what is still missing then shows in the values. Both read the
 * PF again. */
#define SETTLE_SECONDS 10
struct events;
int settle_vfs(struct backend *b, struct events *e, struct snapshot *s, struct pf *pf,
               struct sriov_error *error);
int settle_carrier(struct backend *b, struct events *e, struct snapshot *s, struct pf *pf,
                   struct sriov_error *error);

/* The same for the PF's own netdev, after its driver was loaded again. */
int settle_pf(struct backend *b, struct events *e, struct snapshot *s, struct pf *pf,
              struct sriov_error *error);

/* Does any step make devices appear, or wait for link? */
bool plan_awaits_devices(const struct plan *p);

/* Module parameter way (parameter.c). */
int execute_write_parameter(struct backend *b, const struct plan *p, const struct step *step,
                            struct sriov_error *error);
int execute_reload_driver(struct backend *b, struct events *e, struct plan *p,
                          const struct step *step, struct sriov_error *error);

#endif
