/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriov-cni's state. Its file holds the whole configuration and what the VF was ("OrigVfState"), in
 * which values that were not read stand as zero: so only those count that the configuration
 * changed, which are those that sriov-cni itself puts back.
 */
#include "cni/legacy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json-read.h"
#include "base/mac.h"
#include "kernel/enter.h"
#include "kernel/host.h"

#define FILE_LIMIT (1024 * 1024)

static const struct node_limits limits = { .bytes = FILE_LIMIT, .nodes = 20000, .depth = 32 };

/* An attribute's original counts if one of the keys in the configuration is set. */
static const struct original {
    const char *name; /* in OrigVfState */
    enum sriov_attr attr;
    const char *keys[2];
} originals[] = {
    { "Vlan", SRIOV_VLAN, { "vlan" } },
    { "VlanQoS", SRIOV_QOS, { "vlan" } },
    { "VlanProto", SRIOV_VLAN_PROTO, { "vlan" } },
    { "SpoofChk", SRIOV_SPOOFCHK, { "spoofchk" } },
    { "Trust", SRIOV_TRUST, { "trust" } },
    { "MinTxRate", SRIOV_MIN_TX_RATE, { "min_tx_rate", "max_tx_rate" } },
    { "MaxTxRate", SRIOV_MAX_TX_RATE, { "min_tx_rate", "max_tx_rate" } },
    { "LinkState", SRIOV_LINK_STATE, { "link_state" } },
};

/* ---- the file's text ---- */

static int _printf_(2, 3) broken(char why[LEGACY_WHY_SIZE], const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vsnprintf(why, LEGACY_WHY_SIZE, format, ap);
    va_end(ap);
    return -EINVAL;
}

static bool is_set(const struct node *root, const char *key)
{
    const struct node *n = key ? node_get(root, key) : NULL;

    return n && n->kind == NODE_SCALAR && n->text_len > 0;
}

/* Protocols stand there in network byte order if the netlink library of the time read them so; 0 is
 * from a time without them. */
static uint64_t protocol_of(uint64_t value)
{
    uint64_t swapped = (value >> 8 & 0xff) | (value & 0xff) << 8;

    if (value == 0)
        return attr_row(SRIOV_VLAN_PROTO)->fresh;
    return swapped == 0x8100 || swapped == 0x88a8 ? swapped : value;
}

/* Through the attribute table: a file that was tampered with sets nothing that a user could not. */
static int put_value(enum sriov_attr id, uint64_t value, struct attrs *ret)
{
    const struct attr *row = attr_row(id);
    struct attrs one = { 0 };
    char text[ATTR_TEXT_SIZE];

    attrs_set(&one, id, id == SRIOV_VLAN_PROTO ? protocol_of(value) : value);
    attr_text(row, &one, text);
    return attr_parse(row, text, ret, NULL, NULL);
}

static int read_original(const struct node *root, const struct node *before,
                         const struct original *o, struct attrs *ret, char why[LEGACY_WHY_SIZE])
{
    const struct node *n = node_get(before, o->name);
    uint64_t value = 0;
    bool flag = false;

    if (!is_set(root, o->keys[0]) && !is_set(root, o->keys[1]))
        return 0;
    if (n && attr_row(o->attr)->type == ATTR_BOOL) {
        if (node_to_bool(n, &flag) < 0)
            return broken(why, "OrigVfState.%s is neither true nor false", o->name);
        value = flag;
    } else if (n && node_to_u64(n, UINT32_MAX, &value) < 0) {
        return broken(why, "OrigVfState.%s is no number", o->name);
    }
    if (put_value(o->attr, value, ret) < 0)
        return broken(why, "OrigVfState.%s cannot be put back", o->name);
    return 0;
}

static int read_netdev(const struct node *before, struct legacy_state *ret,
                       char why[LEGACY_WHY_SIZE])
{
    const char *name = node_get_text(before, "HostIFName");
    const char *mac = node_get_text(before, "EffectiveMAC");
    const struct node *mtu = node_get(before, "MTU");
    uint64_t value = 0;

    if (name && *name) {
        if (attr_parse(attr_row(SRIOV_NAME), name, &ret->before, NULL, NULL) < 0)
            return broken(why, "OrigVfState.HostIFName is no name of an interface");
        ret->has_netdev = true;
    }
    if (mac && *mac) {
        if (mac_from_text(mac, &ret->mac) < 0)
            return broken(why, "OrigVfState.EffectiveMAC is no address");
        ret->has_mac = true;
    }
    if (mtu && (node_to_u64(mtu, UINT16_MAX, &value) < 0 ||
                (value > 0 && put_value(SRIOV_MTU, value, &ret->before) < 0)))
        return broken(why, "OrigVfState.MTU is no MTU");
    return 0;
}

static int read_state(const struct node *root, struct legacy_state *ret, char why[LEGACY_WHY_SIZE])
{
    const struct node *before = node_get(root, "OrigVfState");
    const char *device = node_get_text(root, "deviceID"), *mac;
    int r = 0;

    if (!device || !config_pci_is_valid(device))
        return broken(why, "deviceID is no PCI address");
    if (!before || before->kind != NODE_MAP)
        return broken(why, "OrigVfState is not there");
    STR_SET(ret->device_id, device);
    for (size_t i = 0; i < ELEMENTS(originals) && r == 0; i++)
        r = read_original(root, before, &originals[i], &ret->before, why);
    mac = node_get_text(before, "AdminMAC");
    if (r == 0 && mac && *mac && attr_parse(attr_row(SRIOV_MAC), mac, &ret->before, NULL, NULL) < 0)
        return broken(why, "OrigVfState.AdminMAC is no address");
    return r < 0 ? r : read_netdev(before, ret, why);
}

int legacy_parse(const char *text, size_t len, struct legacy_state *ret, char why[LEGACY_WHY_SIZE])
{
    _cleanup_node_ struct node *root = NULL;
    struct legacy_state state = { 0 };
    struct node_error error = { 0 };
    int r = json_read(text, len, &limits, &root, &error);

    if (r == -ENOMEM)
        return broken(why, "out of memory");
    if (r < 0)
        return broken(why, "line %u: %.130s", error.line, error.text);
    r = read_state(root, &state, why);
    if (r == 0)
        *ret = state;
    return r;
}

/* ---- the files ---- */

static void state_path(const struct cni_call *c, char ret[PATH_MAX])
{
    snprintf(ret, PATH_MAX, "%s/%s-%s", c->legacy_dir, c->container, c->ifname);
}

static void device_path(const struct cni_call *c, const char *pci, char ret[PATH_MAX])
{
    snprintf(ret, PATH_MAX, "%s/pci/%s", c->legacy_dir, pci);
}

static void forget_device(const struct cni_call *c, const char *pci)
{
    char path[PATH_MAX];

    device_path(c, pci, path);
    unlink(path);
}

/* The namespace that sriov-cni gave the VF to; "" if it gave it to none. */
static void device_netns(const struct cni_call *c, const char *pci, char *ret, size_t size)
{
    _cleanup_free_ char *text = NULL;
    char path[PATH_MAX];

    *ret = '\0';
    device_path(c, pci, path);
    if (file_read_at(AT_FDCWD, path, size - 1, &text, NULL) == 0)
        str_copy(ret, size, str_trim(text));
}

/* What tells a namespace from others; 0 if there is none at the path. */
static uint64_t netns_inode(const char *path)
{
    _cleanup_close_ int fd = -1;
    uint64_t inode = 0;

    return *path && netns_open(path, &fd, &inode) == 0 ? inode : 0;
}

void legacy_forget(const struct cni_call *c)
{
    char path[PATH_MAX], netns[256];
    uint64_t inode;

    state_path(c, path);
    unlink(path);
    if (!c->config.device_id[0])
        return;
    device_netns(c, c->config.device_id, netns, sizeof(netns));
    inode = netns_inode(netns);
    if (*netns && (inode == 0 || inode == netns_inode(c->netns)))
        forget_device(c, c->config.device_id);
}

int legacy_check(const struct cni_call *c, const char *pci, struct cni_error *e)
{
    char netns[256];

    device_netns(c, pci, netns, sizeof(netns));
    if (!*netns)
        return 0;
    if (netns_inode(netns) != 0) {
        cni_fail(e, CNI_IN_USE, 0, "%s: sriov-cni gave the VF to the network namespace %.200s", pci,
                 netns);
        cni_details(e, "end that pod; if it is gone, remove %s/pci/%s", c->legacy_dir, pci);
        return -EBUSY;
    }
    forget_device(c, pci);
    return 0;
}

/* ---- release ---- */

/* Does the state of another attachment name the VF? */
static bool is_in_other_state(const struct cni_call *c, const char *pci)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    char own[PATH_MAX], path[PATH_MAX], why[LEGACY_WHY_SIZE];
    bool found = false;

    state_path(c, own);
    if (file_list_at(AT_FDCWD, c->legacy_dir, &names) < 0)
        return true; /* who knows */
    for (size_t i = 0; i < names.count && !found; i++) {
        struct legacy_state state = { 0 };
        _cleanup_free_ char *text = NULL;
        size_t len;

        snprintf(path, sizeof(path), "%s/%s", c->legacy_dir, names.items[i]);
        if (!str_eq(path, own) && file_read_at(AT_FDCWD, path, FILE_LIMIT, &text, &len) == 0)
            found = legacy_parse(text, len, &state, why) == 0 && str_eq(state.device_id, pci);
    }
    return found;
}

/* Has the VF been given to somebody else since? A lease on it is not this attachment's, as that
 * would have been found before; and sriov-cni itself may have given it to a later pod, which then
 * is in another namespace that is there. Without CNI_NETNS the other state files tell. */
static bool is_anothers(const struct cni_call *c, const struct vf_place *place, const char *pci)
{
    struct lease lease = { 0 };
    char netns[256];
    uint64_t inode;
    int r = lease_read(c->state_dir, place->pf, place->index, &lease, NULL);

    if (r == 0)
        lease_done(&lease);
    if (r != -ENOENT)
        return true;
    device_netns(c, pci, netns, sizeof(netns));
    inode = netns_inode(netns);
    if (inode == 0)
        return false;
    return c->netns[0] ? inode != netns_inode(c->netns) : is_in_other_state(c, pci);
}

static int put_back(const struct cni_call *c, const struct vf_place *place,
                    const struct legacy_state *state, struct cni_error *e)
{
    struct lease lease = { .vf = place->index, .state = LEASE_HELD, .before = state->before };
    struct sriov_error cause = { 0 };
    int r;

    STR_SET(lease.pf, place->pf);
    STR_SET(lease.pci, state->device_id);
    STR_SET(lease.ifname, c->ifname);
    STR_SET(lease.owner.name, "sriov-cni");
    STR_SET(lease.owner.container, c->container);
    if (netns_inode(c->netns) != 0)
        STR_SET(lease.owner.netns, c->netns);
    else
        device_netns(c, state->device_id, lease.owner.netns, sizeof(lease.owner.netns));
    lease.netdev.present = state->has_netdev;
    lease.netdev.mac = state->mac;
    host_boot_id(lease.boot);
    r = assign_release_foreign(c->backend, c->state_dir, &lease, &cause);
    return r < 0 ? cni_fail_as(e, &cause, r) : 0;
}

static int release(const struct cni_call *c, const struct legacy_state *state, struct cni_error *e)
{
    struct vf_place place;
    int r;

    if (vf_place_of_pci(c->backend, state->device_id, &place, NULL) < 0) {
        log_line(&c->log, LOG_LEVEL_WARNING, "the VF of sriov-cni's state is gone", "deviceID",
                 state->device_id, NULL);
    } else if (is_anothers(c, &place, state->device_id)) {
        log_line(&c->log, LOG_LEVEL_WARNING,
                 "the VF of sriov-cni's state is somebody else's by now", "deviceID",
                 state->device_id, NULL);
        legacy_forget(c);
        return 0;
    } else {
        r = put_back(c, &place, state, e);
        if (r < 0)
            return r;
    }
    forget_device(c, state->device_id);
    legacy_forget(c);
    return 0;
}

int legacy_release(const struct cni_call *c, enum legacy_outcome *ret, struct cni_error *e)
{
    struct legacy_state state = { 0 };
    _cleanup_free_ char *text = NULL;
    char path[PATH_MAX], why[LEGACY_WHY_SIZE] = "it is too long";
    size_t len;
    int r;

    *ret = LEGACY_NONE;
    state_path(c, path);
    r = file_read_at(AT_FDCWD, path, FILE_LIMIT, &text, &len);
    if (r == -ENOENT || r == -ENOTDIR)
        return 0;
    if (r < 0 && r != -EFBIG) {
        cni_fail(e, CNI_IO_FAILURE, 0, "%.300s: %s", path, strerrordesc_np(-r));
        return r;
    }
    *ret = LEGACY_BROKEN;
    if (r < 0 || legacy_parse(text, len, &state, why) < 0) {
        log_line(&c->log, LOG_LEVEL_WARNING, "sriov-cni's state cannot be read", "file", path,
                 "error", why, NULL);
        return 0;
    }
    *ret = LEGACY_RELEASED;
    return release(c, &state, e);
}
