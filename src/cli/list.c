/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl list: the PFs and their VFs, one line each.
 */
#include "base/mac.h"
#include "base/table.h"
#include "cli/app.h"
#include "cli/text.h"
#include "core/target.h"

static const char *const headings[] = {
    "DEVICE", "PCI", "NAME", "DRIVER", "GROUP", "NUMA", "MAC", "VLAN", "STATE", "HOLDER",
};

static void add_busy(struct app *a, const struct pf *pf, struct buf *state)
{
    struct transaction t = { 0 };
    if (!a->session.ledger || ledger_busy(a->session.ledger, pf->key, &t) <= 0)
        return;
    text_add(state, "busy: %s (pid %d)", t.command, (int)t.pid);
    transaction_done(&t);
}

static void add_pf(struct app *a, struct table *t, const struct pf *pf)
{
    _cleanup_buf_ struct buf state = BUF_INIT, holders = BUF_INIT;
    char mac[MAC_TEXT_SIZE] = "", group[NUMBER_SIZE], numa[NUMBER_SIZE];
    if (pf->has_mac)
        mac_to_text(pf->mac, mac);
    text_pf_state(pf, &state);
    add_busy(a, pf, &state);
    text_holders(&a->session.holders, pf, HOLDER_OF_PF, &holders);
    table_add(t, (const char *[]){
                     pf_label(pf),
                     pf->key,
                     pf->name,
                     pf->driver,
                     text_number(pf->iommu_group, group),
                     text_number(pf->numa_node, numa),
                     mac,
                     NULL,
                     state.data,
                     holders.data,
                 });
}

static void add_vf(struct app *a, struct table *t, const struct pf *pf, const struct vf *vf)
{
    _cleanup_buf_ struct buf settings = BUF_INIT, holders = BUF_INIT;
    char label[OBJECT_SIZE + 2] = "  ", group[NUMBER_SIZE], mac[ATTR_TEXT_SIZE] = "",
                             vlan[ATTR_TEXT_SIZE];
    vf_label(pf, vf->index, label + 2);
    attr_text(attr_row(SRIOV_MAC), &vf->attrs, mac);
    attr_text(attr_row(SRIOV_VLAN), &vf->attrs, vlan);
    text_settings(vf, &settings);
    text_holders(&a->session.holders, pf, (int)vf->index, &holders);
    table_add(t, (const char *[]){
                     label,
                     vf->pci,
                     attrs_has(&vf->attrs, SRIOV_NAME) ? vf->attrs.name : NULL,
                     attrs_has(&vf->attrs, SRIOV_DRIVER) ? vf->attrs.driver : NULL,
                     text_number(vf->iommu_group, group),
                     NULL,
                     mac,
                     str_eq(vlan, "0") ? NULL : vlan,
                     settings.data,
                     holders.data,
                 });
}

static int print_table(struct app *a, const struct pf *only)
{
    _cleanup_(table_done) struct table t = { 0 };
    table_init(&t, headings, ELEMENTS(headings));
    for (size_t i = 0; i < a->session.snapshot->n_pfs; i++) {
        const struct pf *pf = &a->session.snapshot->pfs[i];
        if (only && pf != only)
            continue;
        add_pf(a, &t, pf);
        for (size_t n = 0; n < pf->n_vfs; n++)
            add_vf(a, &t, pf, &pf->vfs[n]);
    }
    return table_print(&t, &a->out, a->colour) < 0 ? error_no_memory(&a->error) : 0;
}

static int find_only(struct app *a, const struct pf **ret)
{
    if (a->n_args == 0)
        return 0;
    struct target target = { 0 };
    int r = target_find(a->session.snapshot, a->args[0], &target, &a->error);
    if (r < 0)
        return r;
    *ret = target.pf;
    target_done(&target);
    return 0;
}

static int run_list(struct app *a)
{
    const struct pf *only = NULL;
    int r = session_snapshot(&a->session, &a->error);
    if (r >= 0)
        r = find_only(a, &only);
    if (r < 0)
        return r;
    app_ledger_if_readable(a);
    r = session_holders_to_show(&a->session, &a->error);
    if (r < 0)
        return r;
    app_note_interrupted(a);
    if (a->options.json) {
        struct json_writer w = JSON_WRITER(&a->out);
        inventory_json(a->session.snapshot, only, &a->session.holders, a->session.ledger, &w);
        buf_add_char(&a->out, '\n');
        return 0;
    }
    if (a->session.snapshot->n_pfs == 0)
        app_note(a, "there is no device with SR-IOV here");
    return a->session.snapshot->n_pfs > 0 ? print_table(a, only) : 0;
}

const struct verb verb_list = {
    .name = "list",
    .synopsis = "list [PF]",
    .help = "list the PFs and their VFs",
    .details =
        (const char *const[]){
            "Prints every PF (a device that can have VFs) and below it its VFs: PCI address, netdev, driver, "
            "IOMMU group, NUMA node, MAC, VLAN, the settings that differ from those of a new VF, and who "
            "uses it. Columns that would be empty are left out.",
            "A PF is named by its netdev, an altname of it, its PCI address or its MAC. Reading takes no lock "
            "that a stuck change can hold: list answers also while a PF is busy, and says with what.",
            "With --json a value that the kernel or the driver does not give is null, never a guess.",
            NULL,
        },
    .max_args = 1,
    .flags = VERB_READS,
    .words = { WORD_PF, WORD_NONE },
    .examples =
        (const struct example[]){
            { "list", "all PFs and VFs of the machine" },
            { "list enp1s0 --json", "one PF and its VFs, for a program" },
            { "list --replay bug.json", "the machine that a capture was made on" },
            { NULL, NULL },
        },
    .run = run_list,
};
