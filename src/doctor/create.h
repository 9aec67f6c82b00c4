/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of the area create share.
 */
#ifndef DOCTOR_CREATE_H
#define DOCTOR_CREATE_H

#include "doctor/check.h"

/* Is it a driver that gives the VFs of this PF a netdev? */
bool create_is_net_driver(const struct pf *pf, const char *driver);

/* Does a .network file of systemd ask for DHCP on all netdevs of a pattern that this one matches?
 */
bool create_network_file_takes(const char *text, const char *netdev);

void check_vf_driver_missing(struct doctor *d, const struct pf *pf, const struct vf *vf);

#endif
