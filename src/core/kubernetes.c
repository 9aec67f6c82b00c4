/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads the policy of the Kubernetes SR-IOV operator (SriovNetworkNodePolicy,
 * sriovnetwork.openshift.io/v1) and makes wishes and a pool of it, so that a node's policy means
 * the same with and without a cluster. Where the operator's API does not say what a key does, its
 * code counts, as of August 2026 (its commit 249e200). What it does by means that a host does not
 * have is refused, never passed over.
 */
#include "core/kubernetes.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "core/document.h"
#include "core/target.h"

#define KIND "SriovNetworkNodePolicy"
#define API_VERSION "sriovnetwork.openshift.io/v1"
#define HOST_LABEL "kubernetes.io/hostname"
#define MAX_PICKS 128 /* PFs that one policy can name: pfNames times rootDevices */

/* An entry of pfNames or rootDevices. */
struct pick {
    const struct node *node;
    char name[64];
    unsigned *indexes; /* the VFs behind its '#'; NULL: all that the policy makes */
    size_t count;
};

struct picks {
    struct pick *items;
    size_t count;
};

struct policy {
    const struct node *selector;
    char where[PLACE_SIZE];
    char resource[64];
    struct match match;
    struct picks names, addresses;
    struct attrs pf, vf;
    uint64_t priority;
    bool vfio, rdma, external, infiniband;
    unsigned *all; /* 0 to numVfs - 1 */
    size_t n_all;
};

static void picks_done(struct picks *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->items[i].indexes);
    free(p->items);
}

static void policy_done(struct policy *p)
{
    picks_done(&p->names);
    picks_done(&p->addresses);
    free(p->all);
}

/* ---- single values ---- */

/* For what has its meaning in a cluster only. */
static int read_nothing(struct document_reader *rd, const struct node *n, void *into)
{
    return 0;
}

static int read_noted_flag(struct document_reader *rd, const struct node *n, void *into)
{
    bool flag;

    return document_flag(rd, n, &flag);
}

/* Which of the words (NULL-terminated) it is. */
static int read_choice(struct document_reader *rd, const struct node *n, const char *const *words,
                       const char *message, size_t *ret)
{
    for (size_t i = 0; n->kind == NODE_SCALAR && words[i]; i++)
        if (str_eq(n->text, words[i])) {
            *ret = i;
            return 0;
        }
    return document_wrong(rd, n, message);
}

/* Objects that went through the API have empty values for what nobody set. */
static bool is_unset(const struct node *n)
{
    return n->kind == NODE_NULL || (n->kind == NODE_SCALAR && n->text_len == 0);
}

static int refuse_unless_empty(struct document_reader *rd, const struct node *n, const char *why,
                               const char *remedy)
{
    if (is_unset(n) || (n->kind != NODE_SCALAR && n->count == 0))
        return 0;
    document_wrong(rd, n, why);
    error_remedy(rd->error, "%s", remedy);
    return -EINVAL;
}

/* ---- nicSelector ---- */

static int selector_vendor(struct document_reader *rd, const struct node *n, void *into)
{
    struct policy *p = into;

    return is_unset(n) ? 0 : document_id(rd, n, &p->match.vendor, &p->match.has_vendor);
}

static int selector_device(struct document_reader *rd, const struct node *n, void *into)
{
    struct policy *p = into;

    return is_unset(n) ? 0 : document_id(rd, n, &p->match.device, &p->match.has_device);
}

static int new_pick(struct document_reader *rd, const struct node *n, struct picks *to,
                    struct pick **ret)
{
    struct pick *pick;

    if (to->count >= MAX_PICKS)
        return document_wrong(rd, n, "too many PFs for one policy");
    pick = document_grow(&to->items, &to->count, sizeof(*pick));
    if (!pick)
        return error_no_memory(rd->error);
    pick->node = n;
    *ret = pick;
    return 0;
}

/* Of a PF that is named twice the operator takes the first entry and forgets the other. */
static int check_pick_once(struct document_reader *rd, const struct picks *picks,
                           const struct pick *pick)
{
    for (size_t i = 0; &picks->items[i] != pick; i++)
        if (str_eq(picks->items[i].name, pick->name))
            return document_wrong(rd, pick->node, "the same PF is named twice");
    return 0;
}

/* Cuts "#2-5" off a PF's name. The operator knows no single number and no list. */
static int cut_range(struct document_reader *rd, const struct node *n, struct pick *pick)
{
    char *range = strchr(pick->name, '#');
    int r;

    if (!range)
        return 0;
    *range++ = '\0';
    r = strchr(range, '-') && !strchr(range, ',')
            ? ranges_parse(range, MAX_VFS, &pick->indexes, &pick->count)
            : -EINVAL;
    if (r == -ENOMEM)
        return error_no_memory(rd->error);
    if (r < 0 || !pick->name[0])
        return document_wrong(rd, n, "a PF is expected, or some of its VFs as in \"ens1f0#2-5\"");
    return 0;
}

static int add_name(struct document_reader *rd, const struct node *n, struct picks *to)
{
    struct pick *pick = NULL;
    int r = new_pick(rd, n, to, &pick);

    if (r >= 0)
        r = document_word(rd, n, pick->name, sizeof(pick->name));
    if (r >= 0)
        r = cut_range(rd, n, pick);
    return r < 0 ? r : check_pick_once(rd, to, pick);
}

static bool is_pci_address(const char *text)
{
    static const char form[] = "xxxx:xx:xx.x";
    size_t len = strlen(text);

    for (size_t i = 0; i < len && i < sizeof(form); i++)
        if (form[i] == 'x' ? str_hex_digit(text[i]) < 0 : text[i] != form[i])
            return false;
    return len == sizeof(form) - 1;
}

static int add_address(struct document_reader *rd, const struct node *n, struct picks *to)
{
    struct pick *pick = NULL;
    int r = new_pick(rd, n, to, &pick);

    if (r < 0)
        return r;
    if (n->kind != NODE_SCALAR || !is_pci_address(n->text))
        return document_wrong(rd, n, "a PCI address is expected, as in \"0000:86:00.0\"");
    for (size_t i = 0; n->text[i]; i++)
        pick->name[i] = (char)tolower((unsigned char)n->text[i]);
    return check_pick_once(rd, to, pick);
}

static int read_picks(struct document_reader *rd, const struct node *n, struct picks *to,
                      int (*add)(struct document_reader *, const struct node *, struct picks *))
{
    int r = 0;

    if (n->kind != NODE_LIST)
        return document_wrong(rd, n, "a list of PFs is expected");
    for (size_t i = 0; r >= 0 && i < n->count; i++)
        r = add(rd, &n->items[i], to);
    return r;
}

static int selector_names(struct document_reader *rd, const struct node *n, void *into)
{
    struct policy *p = into;

    return read_picks(rd, n, &p->names, add_name);
}

static int selector_addresses(struct document_reader *rd, const struct node *n, void *into)
{
    struct policy *p = into;

    return read_picks(rd, n, &p->addresses, add_address);
}

static int selector_net_filter(struct document_reader *rd, const struct node *n, void *into)
{
    return refuse_unless_empty(rd, n, "a host does not know the networks of a cloud",
                               "choose the PFs by pfNames, rootDevices, vendor or deviceID");
}

const struct policy_key kubernetes_selector_keys[] = {
    { "vendor", selector_vendor, "PCI vendor id, four hexadecimal digits in quotes" },
    { "deviceID", selector_device, "PCI device id, four hexadecimal digits in quotes" },
    { "pfNames", selector_names,
      "list of PFs by netdev name or alternative name; \"ens1f0#2-5\" is for its VFs 2 to 5 only" },
    { "rootDevices", selector_addresses, "list of PFs by PCI address" },
    { "netFilter", selector_net_filter, "not supported: networks of a cloud" },
    { NULL },
};

/* ---- spec ---- */

static int spec_num_vfs(struct document_reader *rd, const struct node *n, void *into)
{
    struct policy *p = into;
    int r = document_attr(rd, attr_row(SRIOV_NUM_VFS), n, &p->pf);

    /* The operator's webhook does not admit it, and its daemon would not act on it. */
    if (r >= 0 && p->pf.value[SRIOV_NUM_VFS] == 0)
        return document_wrong(rd, n, "a policy makes at least one VF");
    return r;
}

static int spec_mtu(struct document_reader *rd, const struct node *n, void *into)
{
    struct policy *p = into;

    return document_attr(rd, attr_row(SRIOV_PF_MTU), n, &p->pf);
}

static int spec_priority(struct document_reader *rd, const struct node *n, void *into)
{
    struct policy *p = into;

    return node_to_u64(n, 99, &p->priority) < 0
               ? document_wrong(rd, n, "0 (goes first) to 99 is expected")
               : 0;
}

static int spec_selector(struct document_reader *rd, const struct node *n, void *into)
{
    struct policy *p = into;

    p->selector = n;
    document_place(rd, n, p->where);
    return document_map(rd, n, kubernetes_selector_keys, -1, NULL, p);
}

static int spec_device_type(struct document_reader *rd, const struct node *n, void *into)
{
    static const char *const words[] = { "netdevice", "vfio-pci", NULL };
    struct policy *p = into;
    size_t choice = 0;
    int r = read_choice(rd, n, words, "netdevice or vfio-pci is expected", &choice);

    if (r >= 0)
        p->vfio = choice == 1;
    return r;
}

static int spec_eswitch_mode(struct document_reader *rd, const struct node *n, void *into)
{
    static const char *const words[] = { "legacy", "switchdev", NULL };
    struct policy *p = into;
    size_t choice = 0;
    int r = read_choice(rd, n, words, "legacy or switchdev is expected", &choice);

    if (r >= 0)
        attrs_set(&p->pf, SRIOV_ESWITCH_MODE, choice);
    return r;
}

static int spec_link_type(struct document_reader *rd, const struct node *n, void *into)
{
    static const char *const words[] = { "eth", "ETH", "ib", "IB", NULL };
    struct policy *p = into;
    size_t choice = 0;
    int r = read_choice(rd, n, words, "eth or ib is expected", &choice);

    if (r >= 0)
        p->infiniband = choice >= 2;
    return r;
}

static int spec_rdma(struct document_reader *rd, const struct node *n, void *into)
{
    struct policy *p = into;

    return document_flag(rd, n, &p->rdma);
}

static int spec_external(struct document_reader *rd, const struct node *n, void *into)
{
    struct policy *p = into;

    return document_flag(rd, n, &p->external);
}

/* Letters and digits, with '-' and '_' between them. */
static int spec_resource(struct document_reader *rd, const struct node *n, void *into)
{
    struct policy *p = into;
    int r = document_word(rd, n, p->resource, sizeof(p->resource));
    size_t len;

    if (r < 0)
        return r;
    len = strlen(p->resource);
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)p->resource[i]) &&
            (i == 0 || i == len - 1 || !strchr("-_", p->resource[i])))
            return document_wrong(rd, n, "letters, digits and inner - and _ are expected");
    return 0;
}

/* Labels other than the host's name cannot be judged here: the file is on this node, so it is meant
 * for it. */
static int spec_nodes(struct document_reader *rd, const struct node *n, void *into)
{
    if (n->kind != NODE_MAP)
        return document_wrong(rd, n, "a map of labels is expected");
    for (size_t i = 0; i < n->count; i++)
        if (n->items[i].kind != NODE_SCALAR)
            return document_wrong(rd, &n->items[i], "the value of a label is expected");
    return 0;
}

static int spec_vdpa(struct document_reader *rd, const struct node *n, void *into)
{
    return refuse_unless_empty(rd, n, "vDPA devices are not supported",
                               "leave it out, and use `vdpa dev add` on the VFs");
}

static int spec_bridge(struct document_reader *rd, const struct node *n, void *into)
{
    return refuse_unless_empty(rd, n, "Open vSwitch bridges are not supported",
                               "leave it out, and use `ovs-vsctl add-port` with the representors");
}

const struct policy_key kubernetes_spec_keys[] = {
    { "nicSelector", spec_selector, "which PFs: all keys given must hold" },
    { "numVfs", spec_num_vfs, "how many VFs each of the PFs gets" },
    { "mtu", spec_mtu, "MTU of the PFs, and of the VFs that have a netdev" },
    { "priority", spec_priority,
      "0 (default) to 99; where policies of one PF say different things, the lower number wins" },
    { "deviceType", spec_device_type,
      "driver of the VFs: netdevice (default, the one the kernel would choose) or vfio-pci" },
    { "eSwitchMode", spec_eswitch_mode, "legacy or switchdev" },
    { "externallyManaged", spec_external,
      "true: somebody else makes the VFs and sets up the PF; the VFs are still bound" },
    { "resourceName", spec_resource, "makes a pool of this name of the VFs of named PFs" },
    { "nodeSelector", spec_nodes,
      "labels of nodes; a policy with another machine's kubernetes.io/hostname is passed over" },
    { "linkType", spec_link_type, "eth or ib; nothing is changed by it" },
    { "isRdma", spec_rdma, "for the device plugin only" },
    { "needVhostNet", read_noted_flag, "for the device plugin only" },
    { "excludeTopology", read_noted_flag, "for the device plugin only" },
    { "vdpaType", spec_vdpa, "not supported" },
    { "bridge", spec_bridge, "not supported" },
    { NULL },
};

/* ---- the document ---- */

static int top_api_version(struct document_reader *rd, const struct node *n, void *into)
{
    static const char *const words[] = { API_VERSION, NULL };
    size_t choice;

    return read_choice(rd, n, words, API_VERSION " is expected", &choice);
}

static int top_metadata(struct document_reader *rd, const struct node *n, void *into)
{
    return document_map(rd, n, kubernetes_metadata_keys, -1, NULL, into);
}

static int top_spec(struct document_reader *rd, const struct node *n, void *into)
{
    return document_map(rd, n, kubernetes_spec_keys, -1, NULL, into);
}

static int metadata_word(struct document_reader *rd, const struct node *n, void *into)
{
    char word[254]; /* the longest name of an object and the end */

    return document_word(rd, n, word, sizeof(word));
}

/* Those without a meaning here are in what `kubectl get -o yaml` prints. */
const struct policy_key kubernetes_metadata_keys[] = {
    { "name", metadata_word, "name of the policy; one that is called default is passed over" },
    { "namespace", metadata_word, "of the operator; not looked at" },
    { "annotations", read_nothing, "not looked at" },
    { "creationTimestamp", read_nothing, "not looked at" },
    { "deletionGracePeriodSeconds", read_nothing, "not looked at" },
    { "deletionTimestamp", read_nothing, "not looked at" },
    { "finalizers", read_nothing, "not looked at" },
    { "generateName", read_nothing, "not looked at" },
    { "generation", read_nothing, "not looked at" },
    { "labels", read_nothing, "not looked at" },
    { "managedFields", read_nothing, "not looked at" },
    { "ownerReferences", read_nothing, "not looked at" },
    { "resourceVersion", read_nothing, "not looked at" },
    { "selfLink", read_nothing, "not looked at" },
    { "uid", read_nothing, "not looked at" },
    { NULL },
};

const struct policy_key kubernetes_top_keys[] = {
    { "apiVersion", top_api_version, API_VERSION },
    { "kind", read_nothing, KIND },
    { "metadata", top_metadata, "name, namespace and what the API adds" },
    { "spec", top_spec, "what the PFs and VFs are to be" },
    { "status", read_nothing, "not looked at" },
    { NULL },
};

static int check_kind(struct document_reader *rd, const struct node *document)
{
    const struct node *kind = node_get(document, "kind");

    if (kind && kind->kind == NODE_SCALAR && str_eq(kind->text, KIND))
        return 0;
    if (!kind)
        return document_wrong(rd, document, "\"kind\" is missing");
    document_wrong(rd, kind, "unknown");
    error_remedy(rd->error, "the kind that is known is " KIND);
    return -EINVAL;
}

/* A label with the domain and a host name without it, or the other way round, mean the same host.
 */
static bool is_this_host(const char *label)
{
    char host[HOST_NAME_MAX + 1] = "";
    size_t short_host, short_label;

    gethostname(host, sizeof(host) - 1);
    short_host = strcspn(host, ".");
    short_label = strcspn(label, ".");
    if (host[short_host] && label[short_label])
        return strcasecmp(host, label) == 0;
    return short_host == short_label && strncasecmp(host, label, short_host) == 0;
}

/* Asked before anything is read: another node's policy may ask for what we would refuse. The name
 * "default" is that of an object of old releases, which the operator passes over, too. */
static bool is_for_us(const struct node *document)
{
    const char *name = node_get_text(node_get(document, "metadata"), "name");
    const char *host = node_get_text(node_get(node_get(document, "spec"), "nodeSelector"),
                                     HOST_LABEL);

    return !(name && str_eq(name, "default")) && !(host && !is_this_host(host));
}

/* ---- what must hold together ---- */

static int check_keys(struct document_reader *rd, const struct node *document,
                      const struct policy *p)
{
    const struct node *spec = node_get(document, "spec");

    if (!node_get(document, "apiVersion"))
        return document_wrong(rd, document, "\"apiVersion\" is missing");
    if (!spec)
        return document_wrong(rd, document, "\"spec\" is missing");
    if (!attrs_has(&p->pf, SRIOV_NUM_VFS))
        return document_wrong(rd, spec, "\"numVfs\" is missing");
    if (!p->selector)
        return document_wrong(rd, spec, "\"nicSelector\" is missing");
    if (!p->match.has_vendor && !p->match.has_device && p->names.count + p->addresses.count == 0)
        return document_wrong(rd, p->selector,
                              "vendor, deviceID, pfNames or rootDevices is expected");
    if (p->vfio && p->rdma)
        return document_wrong(rd, node_get(spec, "isRdma"),
                              "a VF that vfio-pci has is no RDMA device");
    if (p->infiniband && p->pf.value[SRIOV_ESWITCH_MODE])
        return document_wrong(rd, node_get(spec, "eSwitchMode"), "switchdev is for eth links only");
    return 0;
}

static int check_picks(struct document_reader *rd, const struct policy *p)
{
    uint64_t num_vfs = p->pf.value[SRIOV_NUM_VFS];

    if (p->names.count * p->addresses.count > MAX_PICKS)
        return document_wrong(rd, p->selector, "too many PFs for one policy");
    for (size_t i = 0; i < p->names.count; i++) {
        const struct pick *pick = &p->names.items[i];

        if (pick->indexes && pick->indexes[pick->count - 1] >= num_vfs)
            return document_wrong(rd, pick->node, "the last VF is above numVfs - 1");
    }
    return 0;
}

/* The PF is up in the end, as the operator leaves it. A PF that somebody else manages keeps its MTU
 * and eswitch mode: changing the latter would take their VFs away. */
static int complete(struct document_reader *rd, struct policy *p)
{
    p->n_all = p->pf.value[SRIOV_NUM_VFS];
    p->all = calloc(p->n_all, sizeof(*p->all));
    if (!p->all)
        return error_no_memory(rd->error);
    for (size_t i = 0; i < p->n_all; i++)
        p->all[i] = (unsigned)i;
    attrs_set_text(&p->vf, SRIOV_DRIVER, p->vfio ? "vfio-pci" : DRIVER_DEFAULT);
    if (!p->vfio && attrs_has(&p->pf, SRIOV_PF_MTU))
        attrs_set(&p->vf, SRIOV_MTU, p->pf.value[SRIOV_PF_MTU]);
    attrs_set(&p->pf, SRIOV_LINK, 1);
    if (p->external) {
        attrs_forget(&p->pf, SRIOV_PF_MTU);
        attrs_forget(&p->pf, SRIOV_ESWITCH_MODE);
    }
    return 0;
}

/* ---- wishes and pools ---- */

/* A list is made for many nodes and has the PFs of all of them: there each one is optional. */
static int add_wish(struct desired *d, const struct policy *p, const struct pick *name,
                    const struct pick *address)
{
    struct pf_wish *w = document_grow(&d->pfs, &d->n_pfs, sizeof(*d->pfs));
    bool all = !name || !name->indexes;
    struct vf_wish *v;

    if (!w)
        return -ENOMEM;
    STR_SET(w->where, p->where);
    w->match = p->match;
    w->want = p->pf;
    w->optional = p->names.count > 1 || p->addresses.count > 1;
    w->mergeable = true;
    w->count_external = p->external;
    w->priority = (int)p->priority;
    if (name)
        STR_SET(w->match.any_name, name->name);
    if (address)
        STR_SET(w->match.pci, address->name);
    v = wish_add_vfs(w, all ? p->all : name->indexes, all ? p->n_all : name->count);
    if (!v)
        return -ENOMEM;
    v->want = p->vf;
    return 0;
}

static int add_all_wishes(struct desired *d, const struct policy *p)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < MAX_OF(p->names.count, 1U); i++)
        for (size_t k = 0; r >= 0 && k < MAX_OF(p->addresses.count, 1U); k++)
            r = add_wish(d, p, p->names.count ? &p->names.items[i] : NULL,
                         p->addresses.count ? &p->addresses.items[k] : NULL);
    return r;
}

/* Policies that share a resource name share the pool. */
static struct pool *find_pool(struct desired *d, const struct policy *p)
{
    struct pool *pool;

    for (size_t i = 0; i < d->n_pools; i++)
        if (str_eq(d->pools[i].name, p->resource))
            return &d->pools[i];
    pool = document_grow(&d->pools, &d->n_pools, sizeof(*d->pools));
    if (pool) {
        STR_SET(pool->name, p->resource);
        STR_SET(pool->where, p->where);
    }
    return pool;
}

static int add_source(struct pool *pool, const struct policy *p, const struct pick *pick)
{
    const unsigned *indexes = pick->indexes ? pick->indexes : p->all;
    size_t count = pick->indexes ? pick->count : p->n_all;
    unsigned *copy = calloc(count, sizeof(*copy));
    struct pool_source *s = copy ? document_grow(&pool->sources, &pool->n_sources, sizeof(*s))
                                 : NULL;

    if (!s) {
        free(copy);
        return -ENOMEM;
    }
    STR_SET(s->pf, pick->name);
    memcpy(copy, indexes, count * sizeof(*copy));
    s->indexes = copy;
    s->count = count;
    return 0;
}

/* Only of PFs that are named: a pool has no other way to say which it means. With both lists the
 * names count, for only they carry ranges. On failure an older pool is as it was. */
static int add_to_pool(struct desired *d, const struct policy *p)
{
    const struct picks *picks = p->names.count ? &p->names : &p->addresses;
    struct pool *pool;
    size_t before;
    int r = 0;

    if (!p->resource[0] || picks->count == 0)
        return 0;
    pool = find_pool(d, p);
    if (!pool)
        return -ENOMEM;
    before = pool->n_sources;
    for (size_t i = 0; r >= 0 && i < picks->count; i++)
        r = add_source(pool, p, &picks->items[i]);
    while (r < 0 && pool->n_sources > before)
        free(pool->sources[--pool->n_sources].indexes);
    return r;
}

int desired_add_kubernetes(struct desired *d, const struct node *document, const char *file,
                           struct sriov_error *error)
{
    _cleanup_(policy_done) struct policy p = { 0 };
    struct document_reader rd = { .d = d, .file = file, .error = error };
    int r = check_kind(&rd, document);

    if (r < 0 || !is_for_us(document))
        return r;
    r = document_map(&rd, document, kubernetes_top_keys, -1, NULL, &p);
    if (r >= 0)
        r = check_keys(&rd, document, &p);
    if (r >= 0)
        r = check_picks(&rd, &p);
    if (r >= 0)
        r = complete(&rd, &p);
    if (r < 0)
        return r;
    r = add_all_wishes(d, &p);
    if (r >= 0)
        r = add_to_pool(d, &p);
    return r < 0 ? error_no_memory(error) : 0;
}
