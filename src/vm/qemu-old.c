/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Command lines from before VFIO. KVM assigned devices itself until Linux 4.12: by -device
 * pci-assign (QEMU up to 2.11, kvm-pci-assign its alias), before that by -pcidevice of qemu-kvm.
 * Both bound nothing, and neither do their successors.
 */
#include <errno.h>
#include <stdio.h>

#include "vm/format.h"

/* What becomes of the old properties. */
static const struct property {
    const char *name;
    const char *now; /* NULL: it has no meaning any more */
} properties[] = {
    { "host", "host" },     { "id", "id" },           { "name", "id" }, /* of -pcidevice */
    { "bus", "bus" },       { "addr", "addr" },       { "multifunction", "multifunction" },
    { "rombar", "rombar" }, { "romfile", "romfile" }, { "bootindex", "bootindex" },
    { "driver", NULL },     { "iommu", NULL }, /* there is no assignment without one any more */
    { "dma", NULL },                           /* the same of -pcidevice */
    { "prefer_msi", NULL },                    /* VFIO sees for itself */
    { "share_intx", NULL },                    /* it always can where the device can */
    { "configfd", NULL }, /* libvirt's way to hand over config space without root */
};

static const char *const drivers[] = { "pci-assign", "kvm-pci-assign" };

/* What stands behind the driver's name and its comma; NULL: it is another driver. */
static const char *behind_driver(const char *value)
{
    for (size_t i = 0; i < ELEMENTS(drivers); i++) {
        size_t len = strlen(drivers[i]);
        if (str_starts(value, drivers[i]) && (value[len] == ',' || value[len] == '\0'))
            return value + len + (value[len] == ',');
    }
    return NULL;
}

/* The properties of the device that words[at] assigns, NULL if it assigns none; *ret_used words are
 * looked at then. */
static const char *assignment(const char *const *words, size_t count, size_t at, size_t *ret_used)
{
    const char *word = words[at] + str_starts(words[at], "--"), *properties_at = NULL;
    const char *value = at + 1 < count ? words[at + 1] : NULL;
    *ret_used = 1;
    if (value && str_eq(word, "-pcidevice"))
        properties_at = value;
    else if (value && str_eq(word, "-device"))
        properties_at = behind_driver(value);
    if (properties_at)
        *ret_used = 2;
    return properties_at;
}

/* "01:10.0" as "0000:01:10.0"; false if it is no address. */
static bool full_address(const char *text, char ret[16])
{
    unsigned domain, bus, slot, function;
    char end;
    if (sscanf(text, "%4x:%2x:%2x.%1x%c", &domain, &bus, &slot, &function, &end) != 4) {
        domain = 0;
        if (sscanf(text, "%2x:%2x.%1x%c", &bus, &slot, &function, &end) != 3)
            return false;
    }
    snprintf(ret, 16, "%04x:%02x:%02x.%x", domain & 0xffff, bus & 0xff, slot & 0x1f, function & 7);
    return true;
}

/* The address of the property host. */
static bool host_of(const char *text, char ret[16])
{
    static const char key[] = "host=";
    for (const char *part = text; part; part = strchr(part, ',')) {
        char address[32];
        part += *part == ',';
        if (!str_starts(part, key))
            continue;
        part += strlen(key);
        snprintf(address, sizeof(address), "%.*s", (int)strcspn(part, ","), part);
        return full_address(address, ret);
    }
    return false;
}

bool qemu_old_next(const char *const *words, size_t count, size_t *at, char ret[16])
{
    while (*at < count) {
        size_t used;
        const char *text = assignment(words, count, *at, &used);
        *at += used;
        if (text && host_of(text, ret))
            return true;
    }
    return false;
}

/* ---- conversion ---- */

static void add_quoted(struct buf *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_=+:,./@%";
    if (*word && word[strspn(word, plain)] == '\0') {
        buf_add_str(out, word);
        return;
    }
    buf_add_char(out, '\'');
    for (; *word; word++) {
        if (*word == '\'')
            buf_add_str(out, "'\\''");
        else
            buf_add_char(out, *word);
    }
    buf_add_char(out, '\'');
}

static const struct property *find_property(const char *text, size_t len)
{
    for (size_t i = 0; i < ELEMENTS(properties); i++) {
        if (strlen(properties[i].name) == len && strncmp(properties[i].name, text, len) == 0)
            return &properties[i];
    }
    return NULL;
}

/* One "name=value". What is not in the table is kept: QEMU will say what it thinks of it. */
static int add_property(struct buf *out, const char *part, struct strv *left_out)
{
    size_t len = strcspn(part, "=");
    const struct property *p = find_property(part, len);
    char address[16];
    if (p && !p->now)
        return strv_add(left_out, part);
    if (p && str_eq(p->now, "host") && full_address(part[len] ? part + len + 1 : "", address))
        buf_printf(out, ",host=%s", address);
    else if (p)
        buf_printf(out, ",%s%s", p->now, part + len);
    else if (*part)
        buf_printf(out, ",%s", part);
    return 0;
}

static int convert_one(const char *text, struct buf *out, struct strv *left_out)
{
    _cleanup_(strv_done) struct strv parts = STRV_INIT;
    _cleanup_buf_ struct buf device = BUF_INIT;
    int r = strv_split(&parts, text, ',');
    buf_add_str(&device, "vfio-pci");
    for (size_t i = 0; i < parts.count && r >= 0; i++)
        r = add_property(&device, parts.items[i], left_out);
    if (r >= 0)
        r = buf_ok(&device);
    if (r < 0)
        return r;
    buf_add_str(out, "-device ");
    add_quoted(out, device.data);
    return 0;
}

int qemu_old_convert(const char *const *words, size_t count, struct buf *out, struct strv *left_out)
{
    int r = 0;
    for (size_t at = 0, used = 1; at < count && r >= 0; at += used) {
        const char *text = assignment(words, count, at, &used);
        if (at > 0)
            buf_add_char(out, ' ');
        if (text)
            r = convert_one(text, out, left_out);
        else
            add_quoted(out, words[at]);
    }
    return r < 0 ? r : buf_ok(out);
}
