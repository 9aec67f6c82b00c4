/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Kernel parameters and their table. An option may stand in a list ("intel_iommu=on,sm_on"); the
 * one that says the opposite is turned round where it stands, since the later of two counts and an
 * addition at the end would leave a contradiction to the reader.
 *
 * Huge pages are words that belong together: hugepages= counts for the hugepagesz= before it. Pages
 * by node came with Linux 5.16; an older kernel gets them from systemd-tmpfiles at boot, which may
 * come too late for all pages of 1 GiB.
 */
#include "boot/wish.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>

#include "boot/plan.h"

#define X86 (BOOT_CPU_UNKNOWN | BOOT_CPU_INTEL | BOOT_CPU_AMD)
#define DEFAULT_HUGE_PAGE (2u << 20)
#define HUGE_PAGES_MAX (1u << 30)
#define NODES_MAX 1024

enum {
    FOR_ON = 1 << BOOT_IOMMU_ON,
    FOR_PT = 1 << BOOT_IOMMU_PT,
};

/* One option of a parameter. It is there as `value` of `name`; `opposite` undoes it. Without a
 * value nothing is wanted but that the opposite goes. */
struct parameter {
    const char *name, *value, *opposite;
    const char *alias, *alias_value, *alias_opposite; /* another spelling; NULL */
    unsigned cpus, iommu;                             /* when it is wanted; bits */
    const char *configs[3];                           /* with one of these it is so anyway */
    const char *why;                                  /* never needed, for this reason; NULL */
};

static const struct parameter parameters[] = {
    { "intel_iommu", "on", "off", .cpus = BOOT_CPU_UNKNOWN | BOOT_CPU_INTEL,
      .iommu = FOR_ON | FOR_PT,
      .configs = { "INTEL_IOMMU_DEFAULT_ON", "INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF" } },
    { "amd_iommu", "on", "off", .cpus = BOOT_CPU_UNKNOWN | BOOT_CPU_AMD, .iommu = FOR_ON | FOR_PT,
      .why = "the AMD IOMMU is on by itself, and amd_iommu= knows no \"on\"" },
    { "iommu", NULL, "off", .cpus = X86, .iommu = FOR_ON | FOR_PT },
    { "iommu", "pt", "nopt", "iommu.passthrough", "1", "0", .cpus = X86, .iommu = FOR_PT,
      .configs = { "IOMMU_DEFAULT_PASSTHROUGH" } },
    { "iommu.passthrough", "1", "0", .cpus = BOOT_CPU_OTHER, .iommu = FOR_PT,
      .configs = { "IOMMU_DEFAULT_PASSTHROUGH" } },
};

/* ---- reading the request ---- */

static int tell_needless(struct boot_plan *plan, const struct parameter *p, const char *format, ...)
    _printf_(3, 4);
static int tell_needless(struct boot_plan *plan, const struct parameter *p, const char *format, ...)
{
    char name[64], why[256];
    va_list args;
    snprintf(name, sizeof(name), "%s=%s", p->name, p->value);
    va_start(args, format);
    vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    return plan_add_needless(plan, name, why);
}

static int read_parameter(const struct boot_facts *facts, size_t row, struct wishes *w,
                          struct boot_plan *plan)
{
    const struct parameter *p = &parameters[row];
    w->parameters |= 1u << row;
    if (!p->value)
        return 0;
    if (p->why)
        return tell_needless(plan, p, "%s", p->why);
    for (size_t i = 0; p->configs[i]; i++) {
        if (boot_facts_has(facts, p->configs[i]))
            return tell_needless(plan, p, "the kernel has CONFIG_%s=y (%s)", p->configs[i],
                                 facts->config_path);
    }
    w->needed |= 1u << row;
    return 0;
}

/* As the kernel's memparse(): a number with K, M or G behind it. */
static int parse_size(const char *text, uint64_t *ret)
{
    static const char units[] = "KMG";
    char digits[16];
    size_t len = strlen(text);
    uint64_t value;
    const char *unit = len > 0 ? strchr(units, toupper((unsigned char)text[len - 1])) : NULL;
    snprintf(digits, sizeof(digits), "%.*s", (int)(unit && *unit ? len - 1 : len), text);
    if (len == 0 || len >= sizeof(digits) || str_to_u64(digits, UINT32_MAX, &value) < 0)
        return -EINVAL;
    *ret = unit && *unit ? value << (10 * (unit - units + 1)) : value;
    return 0;
}

/* "0=4,1=4" as the kernel writes it, "0:4,1:4"; a plain number as it is. */
static int parse_pages(const char *text, struct huge_wish *h)
{
    _cleanup_strv_ struct strv parts = STRV_INIT;
    _cleanup_buf_ struct buf value = BUF_INIT;
    int r = strv_split(&parts, text, ',');
    for (size_t i = 0; i < parts.count && r >= 0; i++) {
        char *equals = strchr(parts.items[i], '=');
        uint64_t node = 0, pages;
        if (equals)
            *equals = '\0';
        if ((equals && str_to_u64(parts.items[i], NODES_MAX - 1, &node) < 0) ||
            str_to_u64(equals ? equals + 1 : parts.items[i], HUGE_PAGES_MAX, &pages) < 0 ||
            (!equals && parts.count > 1))
            return -EINVAL;
        h->by_node |= equals != NULL;
        if (equals)
            buf_printf(&value, "%s%llu:", i > 0 ? "," : "", (unsigned long long)node);
        buf_printf(&value, "%llu", (unsigned long long)pages);
    }
    if (r < 0 || buf_ok(&value) < 0)
        return -ENOMEM;
    return STR_SET(h->value, value.data) ? 0 : -EINVAL;
}

static int read_huge(const struct boot_facts *facts, const char *text, struct huge_wish *ret,
                     struct sriov_error *error)
{
    struct huge_wish h = { 0 };
    const char *colon = strchr(text, ':');
    int n = snprintf(h.size, sizeof(h.size), "%.*s", colon ? (int)(colon - text) : 0, text);
    if (!colon || n >= (int)sizeof(h.size) || parse_size(h.size, &h.bytes) < 0 ||
        (h.bytes & (h.bytes - 1)) != 0 || h.bytes < 4096 || parse_pages(colon + 1, &h) < 0) {
        error_set(error, SRIOV_USAGE, 0, "--hugepages", "%.80s is no number of huge pages", text);
        error_remedy(error, "write SIZE:COUNT or SIZE:NODE=COUNT,...: 1G:0=4,1=4");
        return -EINVAL;
    }
    h.at_boot = !h.by_node || boot_facts_since(facts, 5, 16);
    *ret = h;
    return 0;
}

static int read_all_huge(const struct boot_request *q, const struct boot_facts *facts,
                         struct wishes *w, struct sriov_error *error)
{
    for (size_t i = 0; i < q->hugepages_count; i++) {
        struct huge_wish *h = &w->huge[i];
        if (i == HUGE_WISHES_MAX)
            return error_set(error, SRIOV_USAGE, 0, "--hugepages", "given more than %d times",
                             HUGE_WISHES_MAX);
        int r = read_huge(facts, q->hugepages[i], h, error);
        for (size_t other = 0; other < i && r >= 0; other++) {
            if (w->huge[other].bytes == h->bytes)
                r = error_set(error, SRIOV_USAGE, 0, "--hugepages", "%s is given twice", h->size);
        }
        if (r < 0)
            return r;
        w->huge_count++;
    }
    return 0;
}

int wishes_read(const struct boot_request *q, const struct boot_facts *facts, struct wishes *ret,
                struct boot_plan *plan, struct sriov_error *error)
{
    struct wishes w = { 0 };
    for (size_t i = 0; i < ELEMENTS(parameters); i++) {
        const struct parameter *p = &parameters[i];
        if (!(p->cpus & q->cpu) || !(p->iommu & 1u << q->iommu))
            continue;
        if (read_parameter(facts, i, &w, plan) < 0)
            return error_no_memory(error);
    }
    if (q->vfio_ids && facts->vfio_built_in && !STR_SET(w.vfio_ids, q->vfio_ids))
        return error_set(error, SRIOV_USAGE, 0, "--vfio-ids", "too many");
    int r = read_all_huge(q, facts, &w, error);
    if (r >= 0)
        *ret = w;
    return r;
}

bool wishes_any(const struct wishes *w)
{
    bool at_boot = false;
    for (size_t i = 0; i < w->huge_count; i++)
        at_boot |= w->huge[i].at_boot;
    return w->needed != 0 || at_boot || w->vfio_ids[0] != '\0';
}

/* ---- the way onto a command line ---- */

struct lines {
    struct cmdline *const *items;
    size_t count;
};

static bool is_option(const char *option, size_t len, const char *wanted)
{
    if (strlen(wanted) == len && strncmp(option, wanted, len) == 0)
        return true;
    /* kstrtobool() takes other words for 1 and 0, too. */
    return len == 1 && ((str_eq(wanted, "1") && strchr("yYtT", *option)) ||
                        (str_eq(wanted, "0") && strchr("nNfF", *option)));
}

/* One word of the parameter: turns the opposite round, or takes it out if the option is there
 * already (*found) or cannot be said at all. */
static int settle_word(struct cmdline *c, size_t *at, const char *name, const char *value,
                       const char *opposite, bool *found)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    const char *list = cmdline_value(&c->words[*at], name);
    bool changed = false, any = false;
    buf_printf(&text, "%s=", name);
    for (const char *next; list && *list; list = *next ? next + 1 : next) {
        next = strchrnul(list, ',');
        size_t len = (size_t)(next - list);
        bool against = is_option(list, len, opposite);
        changed |= against;
        *found |= is_option(list, len, value);
        if (against && (*found || !value[0]))
            continue;
        *found |= against;
        buf_add_str(&text, any ? "," : "");
        buf_add(&text, against ? value : list, against ? strlen(value) : len);
        any = true;
    }
    if (!changed)
        return buf_ok(&text);
    if (any)
        return buf_ok(&text) < 0 ? -ENOMEM : cmdline_replace(c, *at, text.data);
    return cmdline_remove(c, (*at)--);
}

/* An option that cannot be said only has its opposite taken out (value ""). */
static int settle(const struct lines *l, const char *name, const char *value, const char *opposite,
                  bool *found)
{
    for (size_t i = 0; name && i < l->count; i++) {
        for (size_t at = 0; at < l->items[i]->count; at++) {
            if (!cmdline_value(&l->items[i]->words[at], name))
                continue;
            int r = settle_word(l->items[i], &at, name, value, opposite, found);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

static int grant_parameter(const struct wishes *w, size_t row, const struct lines *l,
                           struct cmdline *target)
{
    const struct parameter *p = &parameters[row];
    bool found = false;
    char text[64];
    int r = settle(l, p->name, p->why || !p->value ? "" : p->value, p->opposite, &found);
    if (r >= 0)
        r = settle(l, p->alias, p->alias_value, p->alias_opposite, &found);
    if (r < 0 || found || !(w->needed & 1u << row))
        return r;
    snprintf(text, sizeof(text), "%s=%s", p->name, p->value);
    return cmdline_append(target, text);
}

/* Where the pages of one size are said. */
struct huge_place {
    struct cmdline *size_line, *pages_line; /* NULL: nowhere */
    size_t size_at, pages_at;
};

/* The kernel's own reading: a hugepages= before any hugepagesz= is of the default size. */
static struct huge_place find_huge(const struct lines *l, uint64_t bytes)
{
    struct huge_place p = { 0 };
    uint64_t standard = DEFAULT_HUGE_PAGE, size = 0;
    for (size_t i = 0; i < l->count; i++) {
        for (size_t at = 0; at < l->items[i]->count; at++) {
            const struct cmdline_word *w = &l->items[i]->words[at];
            const char *value;
            if ((value = cmdline_value(w, "default_hugepagesz"))) {
                parse_size(value, &standard);
            } else if ((value = cmdline_value(w, "hugepagesz"))) {
                if (parse_size(value, &size) >= 0 && size == bytes) {
                    p.size_line = l->items[i];
                    p.size_at = at;
                }
            } else if (cmdline_value(w, "hugepages") && (size ? size : standard) == bytes) {
                p.pages_line = l->items[i];
                p.pages_at = at;
            }
        }
    }
    return p;
}

static int grant_huge(const struct huge_wish *h, const struct lines *l, struct cmdline *target)
{
    const struct huge_place p = find_huge(l, h->bytes);
    char pages[160], size[32];
    snprintf(pages, sizeof(pages), "hugepages=%s", h->value);
    snprintf(size, sizeof(size), "hugepagesz=%s", h->size);
    if (p.pages_line) {
        bool same = str_eq(cmdline_value(&p.pages_line->words[p.pages_at], "hugepages"), h->value);
        return same ? 0 : cmdline_replace(p.pages_line, p.pages_at, pages);
    }
    /* The same size said twice is ignored by the kernel. */
    if (p.size_line)
        return cmdline_insert(p.size_line, p.size_at + 1, pages);
    int r = cmdline_append(target, size);
    return r < 0 ? r : cmdline_append(target, pages);
}

static int grant_vfio_ids(const char *ids, const struct lines *l, struct cmdline *target)
{
    char text[sizeof(((struct wishes *)NULL)->vfio_ids) + 16];
    snprintf(text, sizeof(text), "vfio-pci.ids=%s", ids);
    for (size_t i = 0; i < l->count; i++) {
        for (size_t at = 0; at < l->items[i]->count; at++) {
            const char *value = cmdline_value(&l->items[i]->words[at], "vfio-pci.ids");
            if (value)
                return str_eq(value, ids) ? 0 : cmdline_replace(l->items[i], at, text);
        }
    }
    return cmdline_append(target, text);
}

int wishes_grant(const struct wishes *w, struct cmdline *const *lines, size_t count,
                 struct cmdline *target)
{
    const struct lines l = { .items = lines, .count = count };
    int r = 0;
    for (size_t i = 0; i < ELEMENTS(parameters) && r >= 0; i++) {
        if (w->parameters & 1u << i)
            r = grant_parameter(w, i, &l, target);
    }
    for (size_t i = 0; i < w->huge_count && r >= 0; i++) {
        if (w->huge[i].at_boot)
            r = grant_huge(&w->huge[i], &l, target);
    }
    if (r >= 0 && w->vfio_ids[0])
        r = grant_vfio_ids(w->vfio_ids, &l, target);
    return r;
}
