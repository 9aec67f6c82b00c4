/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Options about a VM's device.
 */
#include "vm/device-option.h"

#define PROFILE_MAX 39 /* libvirt's LIBVIRT_IFLA_VF_PORT_PROFILE_MAX, without the final NUL */
#define SLOT_MAX 31

const char *const device_modes[] = { "hostdev", "macvtap", NULL };
const char *const device_macvtaps[] = { "passthrough", "bridge", "vepa", "private", NULL };

/* "05:00" or "5:0", hexadecimal. */
static int read_place(struct app *a, const char *text, struct vm_device *ret)
{
    _cleanup_(strv_done) struct strv parts = STRV_INIT;
    uint64_t bus, slot;
    if (strv_split(&parts, text, ':') < 0)
        return error_no_memory(&a->error);
    if (parts.count != 2 || str_hex_to_u64(parts.items[0], UINT8_MAX, &bus) < 0 ||
        str_hex_to_u64(parts.items[1], SLOT_MAX, &slot) < 0) {
        int r = error_set(&a->error, SRIOV_USAGE, 0, "--bus-slot", "%.40s is no BUS:SLOT", text);
        error_remedy(&a->error, "two hexadecimal numbers, as in 05:00");
        return r;
    }
    ret->bus = (int)bus;
    ret->slot = (int)slot;
    return 0;
}

int device_options(struct app *a, struct vm_device *ret)
{
    const struct options *o = &a->options;
    ret->mode = o->mode > 0 ? (enum vm_mode)(o->mode - 1) : VM_HOSTDEV;
    ret->macvtap = o->macvtap > 0 ? device_macvtaps[o->macvtap - 1] : NULL;
    ret->profile = o->profile;
    ret->bus = -1;
    ret->slot = 0;
    if (o->macvtap > 0 && ret->mode != VM_MACVTAP)
        return error_set(&a->error, SRIOV_USAGE, 0, "--macvtap", "is for --mode macvtap");
    if (o->profile && !str_is_plain(o->profile, PROFILE_MAX))
        return error_set(&a->error, SRIOV_USAGE, 0, "--profile",
                         "is no plain text of at most %d characters", PROFILE_MAX);
    return o->bus_slot ? read_place(a, o->bus_slot, ret) : 0;
}
