/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The inventory as JSON. Attributes are printed from their table, in the order that the design
 * promises.
 */
#include "core/inventory-json.h"

#include <stdio.h>

#include "base/mac.h"

static const enum sriov_attr vf_attrs[] = {
    SRIOV_MAC,       SRIOV_VLAN,       SRIOV_QOS,         SRIOV_VLAN_PROTO,  SRIOV_SPOOFCHK,
    SRIOV_TRUST,     SRIOV_LINK_STATE, SRIOV_MIN_TX_RATE, SRIOV_MAX_TX_RATE, SRIOV_RSS_QUERY,
    SRIOV_NODE_GUID, SRIOV_PORT_GUID,  SRIOV_MSIX_COUNT,  SRIOV_MTU,
};

static void put_attr(enum sriov_attr id, const struct attrs *a, struct json_writer *w)
{
    attr_json(attr_row(id), a, w, attr_row(id)->name);
}

static void put_text(struct json_writer *w, const char *key, const char *text)
{
    json_str(w, key, text[0] ? text : NULL);
}

/* Numbers where -1 stands for "not known". */
static void put_known(struct json_writer *w, const char *key, int64_t value)
{
    if (value < 0)
        json_null(w, key);
    else
        json_i64(w, key, value);
}

static void put_holders(const struct holders *holders, const char *pf, int vf,
                        struct json_writer *w)
{
    json_array(w, "holders");
    for (size_t i = 0; i < holders->count; i++)
        if (holders->items[i].vf == vf && str_eq(holders->items[i].pf, pf))
            holder_json(&holders->items[i], w);
    json_end(w);
}

static void put_vf(const struct pf *pf, const struct vf *vf, const struct holders *holders,
                   struct json_writer *w)
{
    json_u64(w, "index", vf->index);
    put_text(w, "pci", vf->pci);
    put_attr(SRIOV_NAME, &vf->attrs, w);
    put_attr(SRIOV_DRIVER, &vf->attrs, w);
    put_known(w, "iommu_group", vf->iommu_group);
    for (size_t i = 0; i < ELEMENTS(vf_attrs); i++)
        put_attr(vf_attrs[i], &vf->attrs, w);
    put_holders(holders, pf->key, (int)vf->index, w);
}

void inventory_vf_json(const struct pf *pf, const struct vf *vf, const struct holders *holders,
                       struct json_writer *w)
{
    json_object(w, NULL);
    put_vf(pf, vf, holders, w);
    json_end(w);
}

static void put_id(struct json_writer *w, const char *key, unsigned id)
{
    char text[8];

    snprintf(text, sizeof(text), "%04x", id & 0xffff);
    json_str(w, key, id ? text : NULL);
}

static void put_busy(struct json_writer *w, struct ledger *ledger, const struct pf *pf)
{
    struct transaction t = { 0 };

    if (ledger_busy(ledger, pf->key, &t) <= 0) {
        json_null(w, "busy");
        return;
    }
    json_object(w, "busy");
    json_i64(w, "transaction", t.id);
    json_i64(w, "pid", t.pid);
    json_i64(w, "since", t.started);
    json_str(w, "command", t.command);
    json_end(w);
    transaction_done(&t);
}

static void put_names(const struct pf *pf, struct json_writer *w)
{
    put_text(w, "name", pf->name);
    json_array(w, "altnames");
    for (size_t i = 0; i < pf->altnames.count; i++)
        json_str(w, NULL, pf->altnames.items[i]);
    json_end(w);
}

static void put_pf(const struct pf *pf, const struct holders *holders, struct ledger *ledger,
                   struct json_writer *w)
{
    char mac[MAC_TEXT_SIZE];

    mac_to_text(pf->mac, mac);
    json_object(w, NULL);
    json_str(w, "pci", pf->bus == PF_ON_PCI ? pf->key : NULL);
    json_str(w, "handle", pf->handle);
    put_names(pf, w);
    put_text(w, "driver", pf->driver);
    put_id(w, "vendor", pf->vendor);
    put_id(w, "device", pf->device);
    put_known(w, "numa_node", pf->numa_node);
    put_known(w, "iommu_group", pf->iommu_group);
    put_known(w, "total_vfs", pf->total_vfs ? (int64_t)pf->total_vfs : -1);
    put_attr(SRIOV_NUM_VFS, &pf->attrs, w);
    put_attr(SRIOV_AUTOPROBE, &pf->attrs, w);
    put_attr(SRIOV_ESWITCH_MODE, &pf->attrs, w);
    json_str(w, "mac", pf->has_mac ? mac : NULL);
    put_attr(SRIOV_PF_MTU, &pf->attrs, w);
    put_attr(SRIOV_LINK, &pf->attrs, w);
    put_known(w, "speed", pf->speed);
    put_busy(w, ledger, pf);
    put_holders(holders, pf->key, HOLDER_OF_PF, w);
    json_array(w, "vfs");
    for (size_t i = 0; i < pf->n_vfs; i++)
        inventory_vf_json(pf, &pf->vfs[i], holders, w);
    json_end(w);
    json_end(w);
}

void inventory_json(const struct snapshot *s, const struct pf *only, const struct holders *holders,
                    struct ledger *ledger, struct json_writer *w)
{
    json_object(w, NULL);
    json_array(w, "pfs");
    for (size_t i = 0; i < s->n_pfs; i++)
        if (!only || only == &s->pfs[i])
            put_pf(&s->pfs[i], holders, ledger, w);
    json_end(w);
    json_end(w);
}

void inventory_vfs_json(const struct snapshot *s, const struct holders *holders,
                        struct json_writer *w)
{
    json_object(w, NULL);
    json_array(w, "vfs");
    for (size_t i = 0; i < s->n_pfs; i++) {
        for (size_t n = 0; n < s->pfs[i].n_vfs; n++) {
            json_object(w, NULL);
            json_str(w, "pf", pf_label(&s->pfs[i]));
            put_vf(&s->pfs[i], &s->pfs[i].vfs[n], holders, w);
            json_end(w);
        }
    }
    json_end(w);
    json_end(w);
}
