/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The options that say in which way a VM is to have a device, for all verbs about one.
 */
#ifndef VM_DEVICE_OPTION_H
#define VM_DEVICE_OPTION_H

#include "cli/app.h"
#include "vm/device.h"

extern const char *const device_modes[];    /* --mode: enum vm_mode, counted from 1 */
extern const char *const device_macvtaps[]; /* --macvtap */

/* Rows of a verb's options. */
#define OPTIONS_DEVICE                                                                              \
    { "mode",                                                                                       \
      0,                                                                                            \
      OPTION_CHOICE,                                                                                \
      OPTION(mode),                                                                                 \
      "MODE",                                                                                       \
      device_modes,                                                                                 \
      .help = "hostdev (the VF itself, the default) or macvtap (on its netdev on the host)" },      \
        { "macvtap",                                                                                \
          0,                                                                                        \
          OPTION_CHOICE,                                                                            \
          OPTION(macvtap),                                                                          \
          "MODE",                                                                                   \
          device_macvtaps,                                                                          \
          .help = "how the macvtap works: passthrough (the default), bridge, vepa, private" },      \
        { "bus-slot",       0,          OPTION_TEXT,                                                \
          OPTION(bus_slot), "BUS:SLOT", .help = "where in the VM, as its lspci prints it: 05:00" }, \
    {                                                                                               \
        "profile", 0, OPTION_TEXT, OPTION(profile), "ID",                                           \
            .help = "port profile of 802.1Qbh, which sets the VLAN instead of us"                   \
    }

/* From those options: mode, macvtap, profile, bus and slot (bus -1: anywhere). The rest of *ret is
 * left alone. -EINVAL (code usage). */
int device_options(struct app *a, struct vm_device *ret);

#endif
