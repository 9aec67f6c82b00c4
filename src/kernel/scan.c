/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who has a device open, from the links in /proc/PID/fd: nothing is opened, so nothing is
 * disturbed, and a device whose lock is held by a stuck writer is no obstacle. With hundreds of
 * processes this is the bulk of the cost of a refusal, so a process that holds nothing costs one
 * open, its listing and one readlink per descriptor; its name is looked up only on a hit.
 */
#include "kernel/scan.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "kernel/list.h"

#define CMDLINE_LIMIT (128 * 1024)
#define CONTAINER_ID 64 /* hex digits in a cgroup's name: docker, containerd, cri-o, podman */
#define CONTAINER_ID_SHORT 12

int scan_open(DIR **ret)
{
    DIR *proc = opendir("/proc");

    if (!proc)
        return -errno;
    *ret = proc;
    return 0;
}

pid_t scan_next_pid(DIR *proc)
{
    const struct dirent *entry;
    uint64_t pid;

    while ((entry = readdir(proc))) {
        if (isdigit((unsigned char)entry->d_name[0]) &&
            str_to_u64(entry->d_name, INT32_MAX, &pid) == 0)
            return (pid_t)pid;
    }
    return 0;
}

static int read_of_process(int proc_fd, pid_t pid, const char *file, char **ret, size_t *ret_len)
{
    char path[48];

    snprintf(path, sizeof(path), "%d/%s", (int)pid, file);
    return file_read_at(proc_fd, path, CMDLINE_LIMIT, ret, ret_len);
}

/* "guest=web1,debug-threads=on" or "web1,process=x" or "web1"; a comma in a name is doubled. */
static void copy_vm_name(const char *option, char *ret, size_t size)
{
    size_t len = 0;

    if (str_starts(option, "guest="))
        option += strlen("guest=");
    for (; *option && len + 1 < size; option++) {
        if (*option == ',' && *++option != ',')
            break;
        ret[len++] = *option;
    }
    ret[len] = '\0';
}

/* The value of -name of a QEMU. Other programs mean something else by it (find). */
static void read_vm_name(int proc_fd, pid_t pid, char *ret, size_t size)
{
    _cleanup_free_ char *text = NULL;
    const char *at, *program;
    size_t len;

    if (read_of_process(proc_fd, pid, "cmdline", &text, &len) < 0 || len == 0)
        return;
    program = str_base_name(text);
    if (!str_starts(program, "qemu") && !str_starts(program, "kvm"))
        return;
    for (at = text; at < text + len; at += strlen(at) + 1) {
        const char *value = at + strlen(at) + 1;

        if ((str_eq(at, "-name") || str_eq(at, "--name")) && value < text + len) {
            copy_vm_name(value, ret, size);
            return;
        }
    }
}

/* The first part of a cgroup path that is a container's id: "docker-<64 hex>.scope",
 * "cri-containerd-<64 hex>.scope", "/kubepods/…/<64 hex>", "libpod-<64 hex>.scope". The first,
 * because in a container inside a container the outer one is what the host's tools know. LXC and
 * Incus use names. */
static void read_container_id(int proc_fd, pid_t pid, char *ret, size_t size)
{
    static const char lxc[] = "/lxc.payload.";
    _cleanup_free_ char *text = NULL;
    const char *name;
    size_t run = 0;

    if (read_of_process(proc_fd, pid, "cgroup", &text, NULL) < 0)
        return;
    for (const char *at = text;; at++) {
        if (isxdigit((unsigned char)*at)) {
            run++;
            continue;
        }
        if (run == CONTAINER_ID) {
            snprintf(ret, size, "%.*s", CONTAINER_ID_SHORT, at - CONTAINER_ID);
            return;
        }
        run = 0;
        if (!*at)
            break;
    }
    name = strstr(text, lxc);
    if (name) {
        name += strlen(lxc);
        snprintf(ret, size, "%.*s", (int)strcspn(name, "/\n"), name);
    }
}

void scan_process_name(int proc_fd, pid_t pid, char comm[17], char name[64])
{
    _cleanup_free_ char *text = NULL;

    comm[0] = name[0] = '\0';
    if (read_of_process(proc_fd, pid, "comm", &text, NULL) == 0) {
        text[strcspn(text, "\n")] = '\0';
        str_copy(comm, 17, text);
    }
    read_vm_name(proc_fd, pid, name, 64);
    if (!name[0])
        read_container_id(proc_fd, pid, name, 64);
}

static bool has_prefix(const char *path, const char *const *prefixes)
{
    for (; *prefixes; prefixes++) {
        if (str_starts(path, *prefixes))
            return true;
    }
    return false;
}

/* `first` is where this process's entries start: a device counts once however often it is open. */
static int add_user(struct device_users *users, size_t first, pid_t pid, const char *device)
{
    struct device_user *user;

    for (size_t i = first; i < users->count; i++) {
        if (str_eq(users->items[i].device, device))
            return 0;
    }
    user = LIST_ADD(users);
    if (!user)
        return -ENOMEM;
    user->pid = pid;
    STR_SET(user->device, device);
    return 0;
}

static int scan_process(int proc_fd, pid_t pid, const char *const *prefixes,
                        struct device_users *users)
{
    _cleanup_(closedir_p) DIR *dir = NULL;
    size_t first = users->count;
    const struct dirent *entry;
    char path[32], target[64];
    int r;

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    dir = opendir(path); /* two calls less than openat() and fdopendir() */
    if (!dir) {
        users->incomplete |= errno == EACCES || errno == EPERM;
        return 0; /* gone, or not ours to look into */
    }
    while ((entry = readdir(dir))) {
        ssize_t n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

        if (n <= 0) {
            users->incomplete |= n < 0 && (errno == EACCES || errno == EPERM);
            continue;
        }
        target[n] = '\0';
        r = has_prefix(target, prefixes) ? add_user(users, first, pid, target) : 0;
        if (r < 0)
            return r;
    }
    if (users->count > first)
        scan_process_name(proc_fd, pid, users->items[first].comm, users->items[first].name);
    for (size_t i = first + 1; i < users->count; i++) {
        STR_SET(users->items[i].comm, users->items[first].comm);
        STR_SET(users->items[i].name, users->items[first].name);
    }
    return 0;
}

int scan_device_users(const char *const *prefixes, struct device_users *ret)
{
    _cleanup_(device_users_done) struct device_users users = { 0 };
    _cleanup_(closedir_p) DIR *proc = NULL;
    pid_t pid;
    int r;

    r = scan_open(&proc);
    if (r < 0)
        return r;
    while ((pid = scan_next_pid(proc)) > 0) {
        r = scan_process(dirfd(proc), pid, prefixes, &users);
        if (r < 0)
            return r;
    }
    *ret = users;
    users = (struct device_users){ 0 };
    return 0;
}
