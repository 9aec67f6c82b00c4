/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Questions to a QEMU, and plugging. A device with an id is /machine/peripheral/ID, one without is
 * below /machine/peripheral-anon; the bus of a port has the port's id, and a link child[N] for each
 * device in it.
 */
#include "vm/qemu.h"

#include <errno.h>
#include <stdio.h>

#include "base/json-write.h"
#include "base/str.h"

#define NAMED "/machine/peripheral"
#define UNNAMED "/machine/peripheral-anon"
#define PC_BUS "pci.0"
#define PC_BUS_PATH "/machine/i440fx/" PC_BUS
#define PC_SLOTS 32

/* Ports that take one device while the VM runs. */
static const char *const port_types[] = { "child<pcie-root-port>", "child<ioh3420>",
                                          "child<xio3130-downstream>", "child<cxl-rp>", NULL };

/* ---- questions ---- */

/* Runs a command whose arguments are texts: key, value, …, NULL. */
static int run(struct qmp *q, const char *command, const char *const *arguments, struct node **ret,
               struct sriov_error *error)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    struct json_writer w = JSON_WRITER(&text);

    json_object(&w, NULL);
    for (size_t i = 0; arguments[i]; i += 2)
        json_str(&w, arguments[i], arguments[i + 1]);
    json_end(&w);
    if (buf_ok(&text) < 0)
        return error_no_memory(error);
    return qmp_run(q, command, text.data, ret, error);
}

static int list(struct qmp *q, const char *path, struct node **ret, struct sriov_error *error)
{
    return run(q, "qom-list", (const char *const[]){ "path", path, NULL }, ret, error);
}

/* "" if there is no such object or property, or it is no text. */
static int property(struct qmp *q, const char *path, const char *name, char *ret, size_t size,
                    struct sriov_error *error)
{
    const char *const arguments[] = { "path", path, "property", name, NULL };
    _cleanup_node_ struct node *value = NULL;
    struct sriov_error ignored = { 0 };
    int r = run(q, "qom-get", arguments, &value, &ignored);

    /* What QEMU refuses has an answer; without one the conversation is over. */
    if (r < 0 && r != -EIO && r != -ENODEV) {
        if (error)
            *error = ignored;
        return r;
    }
    if (r < 0 || value->kind != NODE_SCALAR || !str_copy(ret, size, value->text))
        ret[0] = '\0';
    return 0;
}

static const char *name_of(const struct node *entry)
{
    const char *name = node_get_text(entry, "name");

    return name ? name : "";
}

static bool is_child(const struct node *entry, const char *start)
{
    const char *type = node_get_text(entry, "type");

    return type && str_starts(type, start);
}

/* ---- the machine ---- */

static int look_at_name(struct qmp *q, struct qemu *vm, struct sriov_error *error)
{
    _cleanup_node_ struct node *answer = NULL;
    int r = qmp_run(q, "query-name", NULL, &answer, error);

    if (r < 0)
        return r;
    const char *name = node_get_text(answer, "name");
    if (name && str_is_plain(name, sizeof(vm->name) - 1))
        STR_SET(vm->name, name);
    else
        snprintf(vm->name, sizeof(vm->name), "qemu-%d", qmp_pid(q));
    return 0;
}

static int look_at_memory(struct qmp *q, struct qemu *vm, struct sriov_error *error)
{
    _cleanup_node_ struct node *answer = NULL, *balloon = NULL;
    uint64_t plugged = 0;
    int r = qmp_run(q, "query-memory-size-summary", NULL, &answer, error);

    if (r < 0)
        return r;
    if (node_to_u64(node_get(answer, "base-memory"), INT64_MAX, &vm->memory) < 0)
        vm->memory = 0;
    node_to_u64(node_get(answer, "plugged-memory"), INT64_MAX, &plugged);
    vm->memory += plugged;
    /* Refused where there is none. */
    vm->balloon = qmp_run(q, "query-balloon", NULL, &balloon, NULL) >= 0;
    return 0;
}

static int look_at_status(struct qmp *q, struct qemu *vm, struct sriov_error *error)
{
    _cleanup_node_ struct node *answer = NULL;
    int r = qmp_run(q, "query-status", NULL, &answer, error);

    if (r >= 0 && node_to_bool(node_get(answer, "running"), &vm->running) < 0)
        vm->running = false;
    return r;
}

static int look_for_vfio(struct qmp *q, struct qemu *vm, struct sriov_error *error)
{
    static const char *const folders[] = { NAMED, UNNAMED };
    int r = 0;

    for (size_t i = 0; i < ELEMENTS(folders) && r >= 0; i++) {
        _cleanup_node_ struct node *entries = NULL;

        r = list(q, folders[i], &entries, error);
        for (size_t k = 0; r >= 0 && k < entries->count; k++)
            vm->has_vfio |= is_child(&entries->items[k], "child<vfio-");
    }
    return r;
}

int qemu_look(struct qmp *q, struct qemu *ret, struct sriov_error *error)
{
    struct qemu vm = { 0 };
    int r = look_at_name(q, &vm, error);

    if (r >= 0)
        r = property(q, "/machine", "type", vm.machine, sizeof(vm.machine), error);
    if (r >= 0)
        r = look_at_memory(q, &vm, error);
    if (r >= 0)
        r = look_at_status(q, &vm, error);
    if (r >= 0)
        r = look_for_vfio(q, &vm, error);
    if (r >= 0)
        *ret = vm;
    return r;
}

/* ---- a free slot ---- */

static int count_devices(struct qmp *q, const char *bus, size_t *ret, struct sriov_error *error)
{
    _cleanup_node_ struct node *entries = NULL;
    size_t devices = 0;
    int r = list(q, bus, &entries, error);

    if (r < 0)
        return r;
    for (size_t i = 0; i < entries->count; i++)
        devices += str_starts(name_of(&entries->items[i]), "child[");
    *ret = devices;
    return 0;
}

struct ports {
    size_t all, fixed, unnamed; /* fixed: with hotplug=off; without an id they cannot be named */
    char free[QEMU_ID_SIZE];    /* the first one, "": none */
};

static bool is_port(const struct node *entry)
{
    const char *type = node_get_text(entry, "type");

    return type && str_has_any(type, port_types);
}

static int look_at_port(struct qmp *q, const char *id, struct ports *p, struct sriov_error *error)
{
    char path[QEMU_PATH_SIZE], hotplug[8];
    size_t devices = 0;

    if (strlen(id) >= QEMU_ID_SIZE / 2)
        return 0;
    snprintf(path, sizeof(path), NAMED "/%s", id);
    int r = property(q, path, "hotplug", hotplug, sizeof(hotplug), error);
    bool fixed = str_eq(hotplug, "false");
    snprintf(path, sizeof(path), NAMED "/%s/%s", id, id);
    if (r >= 0)
        r = count_devices(q, path, &devices, error);
    if (r < 0)
        return r;
    p->all++;
    p->fixed += fixed;
    if (devices == 0 && !fixed && (!p->free[0] || str_natural_cmp(id, p->free) < 0))
        STR_SET(p->free, id);
    return 0;
}

static int look_at_ports(struct qmp *q, struct ports *p, struct sriov_error *error)
{
    _cleanup_node_ struct node *named = NULL, *unnamed = NULL;
    int r = list(q, NAMED, &named, error);

    for (size_t i = 0; r >= 0 && i < named->count; i++) {
        if (is_port(&named->items[i]))
            r = look_at_port(q, name_of(&named->items[i]), p, error);
    }
    if (r >= 0)
        r = list(q, UNNAMED, &unnamed, error);
    for (size_t i = 0; r >= 0 && i < unnamed->count; i++)
        p->unnamed += is_port(&unnamed->items[i]);
    return r;
}

static int no_slot(const struct qemu *vm, const struct ports *p, struct sriov_error *error)
{
    if (p->all == 0 && p->unnamed == 0)
        error_set(error, SRIOV_UNSUPPORTED, ENOSPC, vm->name,
                  "the VM has no PCIe root port that a VF could be plugged into");
    else if (p->all == 0)
        error_set(error, SRIOV_UNSUPPORTED, ENOSPC, vm->name,
                  "the VM's PCIe root ports have no id by which one could be named");
    else if (p->all == p->fixed)
        error_set(error, SRIOV_UNSUPPORTED, ENOSPC, vm->name,
                  "the VM's PCIe root ports take nothing while it runs (hotplug=off)");
    else
        error_set(error, SRIOV_UNSUPPORTED, ENOSPC, vm->name,
                  "the VM has no free PCIe root port: %zu of %zu are taken", p->all - p->fixed,
                  p->all);
    if (error)
        error->kernel[0] = '\0';
    error_remedy(error,
                 "start QEMU with one more: -machine q35 -device "
                 "pcie-root-port,id=rp%zu,chassis=%zu,slot=%zu",
                 p->all + p->unnamed + 1, p->all + p->unnamed + 1, p->all + p->unnamed + 1);
    return -ENOSPC;
}

/* A machine `pc` has conventional PCI, and takes devices on its only bus. */
static bool pc_has_slot(struct qmp *q)
{
    size_t devices;

    return count_devices(q, PC_BUS_PATH, &devices, NULL) >= 0 && devices < PC_SLOTS;
}

int qemu_find_slot(struct qmp *q, const struct qemu *vm, char ret[QEMU_ID_SIZE],
                   struct sriov_error *error)
{
    struct ports ports = { 0 };
    int r = look_at_ports(q, &ports, error);

    if (r < 0)
        return r;
    if (ports.free[0])
        return str_copy(ret, QEMU_ID_SIZE, ports.free) ? 0 : -ENOSPC;
    if (strstr(vm->machine, "i440fx") && pc_has_slot(q))
        return str_copy(ret, QEMU_ID_SIZE, PC_BUS) ? 0 : -ENOSPC;
    return no_slot(vm, &ports, error);
}

/* ---- a device of the host ---- */

static int find_among(struct qmp *q, const char *folder, const char *pci, char ret[QEMU_PATH_SIZE],
                      struct sriov_error *error)
{
    _cleanup_node_ struct node *entries = NULL;
    int r = list(q, folder, &entries, error);

    for (size_t i = 0; r >= 0 && i < entries->count; i++) {
        char path[QEMU_PATH_SIZE], host[32];
        int n = snprintf(path, sizeof(path), "%s/%s", folder, name_of(&entries->items[i]));

        if (!is_child(&entries->items[i], "child<vfio-") || n >= (int)sizeof(path))
            continue;
        r = property(q, path, "host", host, sizeof(host), error);
        if (r >= 0 && str_eq(host, pci)) {
            str_copy(ret, QEMU_PATH_SIZE, path);
            return 1;
        }
    }
    return r;
}

int qemu_find_device(struct qmp *q, const struct qemu *vm, const char *pci,
                     char ret[QEMU_PATH_SIZE], struct sriov_error *error)
{
    int r = find_among(q, NAMED, pci, ret, error);

    if (r == 0)
        r = find_among(q, UNNAMED, pci, ret, error);
    if (r != 0)
        return r < 0 ? r : 0;
    error_set(error, SRIOV_NO_DEVICE, 0, vm->name, "the VM has no device %s of the host", pci);
    error_remedy(error, "`sriovctl list` shows who has which VF");
    return -ENOENT;
}

int qemu_plug(struct qmp *q, const char *pci, const char *id, const char *bus,
              struct sriov_error *error)
{
    const char *const arguments[] = {
        "driver", "vfio-pci", "host", pci, "id", id, "bus", bus, NULL
    };
    int r = run(q, "device_add", arguments, NULL, error);

    if (r == -EIO)
        error_remedy(error, "QEMU's stderr and `dmesg` may say more");
    return r;
}

/* ---- out again ---- */

static const char *const unplug_events[] = { "DEVICE_DELETED", "DEVICE_UNPLUG_GUEST_ERROR", NULL };

/* A guest that was asked already is not asked again (qdev_unplug() in system/qdev-monitor.c): to
 * wait is all that is left. It is a GenericError, so the words have to tell. */
static bool is_on_its_way(const struct sriov_error *e)
{
    return strstr(e->kernel, "already in the process of unplug");
}

static int ask_to_let_go(struct qmp *q, const char *path, struct sriov_error *error)
{
    struct sriov_error e = { 0 };
    int r = run(q, "device_del", (const char *const[]){ "id", path, NULL }, NULL, &e);

    if (r >= 0 || is_on_its_way(&e))
        return 0;
    if (error)
        *error = e;
    return r;
}

int qemu_unplug(struct qmp *q, const struct qemu *vm, const char *path, unsigned timeout_ms,
                struct sriov_error *error)
{
    int r = ask_to_let_go(q, path, error);

    if (r >= 0)
        r = qmp_wait(q, unplug_events, "path", path, timeout_ms, error);
    if (r == 1) {
        error_set(error, SRIOV_IN_USE, 0, vm->name, "the guest refuses to let go of %s",
                  str_base_name(path));
        error_remedy(error, "its kernel log says why");
        return -EBUSY;
    }
    if (r == -ETIMEDOUT) {
        error_set(error, SRIOV_FAILED, ETIMEDOUT, vm->name,
                  "the guest did not let go of %s within %u s", str_base_name(path),
                  timeout_ms / 1000);
        error_remedy(error, "%s",
                     vm->running ? "a system that knows PCI hot-plug has to run in "
                                   "it; if it lets go later, the next command "
                                   "restores the VF"
                                 : "the VM is paused: let it run, and try again");
    }
    return r < 0 ? r : 0;
}
