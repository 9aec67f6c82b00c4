/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the machine is: processor, firmware tables, IOMMUs, and whether a hypervisor runs it.
 */
#include <stdio.h>

#include "doctor/platform.h"

/* The first processor says it all; the whole file is too long on large machines. */
#define CPUINFO "/proc/cpuinfo"
#define CPUINFO_LEN 4096

static const char *const iommu_tables[] = { "DMAR", "IVRS", "IORT" };

/* The value of "name : value", up to the end of the line; false if it is not there. */
static bool cpu_field(const char *text, const char *name, char *ret, size_t size)
{
    size_t len = strlen(name);

    while (text && *text) {
        const char *value = text + strspn(text, "\n");

        if (str_starts(value, name) && strchr("\t: ", value[len])) {
            value += len + strspn(value + len, "\t: ");
            snprintf(ret, size, "%.*s", (int)strcspn(value, "\n"), value);
            return true;
        }
        text = strchr(value, '\n');
    }
    return false;
}

static bool has_word(const char *list, const char *word, const char *separators)
{
    size_t len = strlen(word);

    while (*list) {
        size_t n = strcspn(list, separators);

        if (n == len && strncmp(list, word, len) == 0)
            return true;
        list += n;
        list += strspn(list, separators);
    }
    return false;
}

static void read_cpu(struct doctor *d, struct machine *m)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    struct backend *b = doctor_backend(d);
    char flags[CPUINFO_LEN];

    if (b->ops->read_bytes(b, CPUINFO, 0, CPUINFO_LEN, &text) < 0 || !text.data)
        return;
    cpu_field(text.data, "vendor_id", m->vendor, sizeof(m->vendor));
    if (!cpu_field(text.data, "flags", flags, sizeof(flags)))
        return;
    m->is_guest = has_word(flags, "hypervisor", " ");
    m->has_vmx = has_word(flags, "vmx", " ");
    m->has_svm = has_word(flags, "svm", " ");
}

void machine_read(struct doctor *d, struct machine *ret)
{
    const struct strv *tables = read_dir(d, "/sys/firmware/acpi/tables");

    *ret = (struct machine){ 0 };
    read_cpu(d, ret);
    ret->has_acpi = tables->count > 0;
    for (size_t i = 0; i < ELEMENTS(iommu_tables) && !ret->table; i++) {
        if (strv_has(tables, iommu_tables[i]))
            ret->table = iommu_tables[i];
    }
    ret->iommus = read_dir(d, "/sys/class/iommu");
}

/* ---- who wants VFIO ---- */

static bool policy_wants_vfio(const struct desired *policy)
{
    for (size_t i = 0; policy && i < policy->n_pfs; i++) {
        const struct pf_wish *w = &policy->pfs[i];

        for (size_t k = 0; k < w->n_vfs; k++) {
            if (driver_is_passthrough(w->vfs[k].want.driver))
                return true;
        }
    }
    return false;
}

static bool vf_wants_vfio(struct doctor *d, const struct vf *vf)
{
    char override[OVERRIDE_SIZE] = "";

    if (vf->attrs.driver[0])
        return driver_is_passthrough(vf->attrs.driver);
    return read_override(d, vf, override) && driver_is_passthrough(override);
}

bool vfio_is_wanted(struct doctor *d)
{
    const struct snapshot *s = doctor_snapshot(d);

    for (size_t i = 0; i < s->n_pfs; i++) {
        for (size_t k = 0; k < s->pfs[i].n_vfs; k++) {
            if (vf_wants_vfio(d, &s->pfs[i].vfs[k]))
                return true;
        }
    }
    return policy_wants_vfio(doctor_policy(d));
}

/* ---- interrupts and parameters ---- */

int interrupts_are_remapped(struct doctor *d, unsigned *ret_irq)
{
    /* Interrupts of every PC that go through the IO-APIC: timer, keyboard, clock, ACPI. */
    static const unsigned irqs[] = { 0, 1, 8, 9 };

    for (size_t i = 0; i < ELEMENTS(irqs); i++) {
        const char *chip = read_text(d, "/sys/kernel/irq/%u/chip_name", irqs[i]);

        *ret_irq = irqs[i];
        if (str_eq(chip, "IR-IO-APIC"))
            return 1;
        if (str_eq(chip, "IO-APIC"))
            return 0;
    }
    return -1;
}

bool parameter_has(struct doctor *d, const char *name, const char *word)
{
    const char *value = boot_parameter(d, name);

    return value && has_word(value, word, ",");
}

void names_text(const struct strv *names, struct buf *ret)
{
    for (size_t i = 0; i < names->count; i++)
        buf_printf(ret, "%s%s", i > 0 ? " " : "", names->items[i]);
    if (names->count == 0)
        buf_add_str(ret, "(nothing)");
}
