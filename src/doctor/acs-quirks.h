/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the kernel knows of single devices beyond their registers: which of them are isolated
 * without saying so, and which do DMA under another function's id. The facts are those of
 * drivers/pci/quirks.c in Linux 6.12.
 */
#ifndef DOCTOR_ACS_QUIRKS_H
#define DOCTOR_ACS_QUIRKS_H

#include "doctor/pci.h"

enum acs_fact {
    ACS_AS_SAID,      /* nothing is known: the registers tell */
    ACS_ISOLATED,     /* as if ACS were there and on */
    ACS_NOT_ISOLATED, /* whatever the registers tell */
    ACS_WIDE,         /* the capability is there, with registers of 32 bits */
};

enum acs_fact acs_fact(const struct pci_device *d);

/* Does the device do DMA under the id of this function of its bus (device << 3 | function) as well?
 * Not told for Switchtec bridges, whose aliases depend on how they are set up. */
bool acs_has_alias(const struct pci_device *d, unsigned devfn);

/* Is its IOMMU at this bridge, so that what is above does not matter? */
bool acs_is_iommu_root(const struct pci_device *bridge);

#endif
