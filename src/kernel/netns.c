/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Netdevs in the other network namespaces: those named under /run/netns and those of processes. A
 * namespace is known by its inode, which readlink("/proc/PID/ns/net") tells without opening
 * anything. To ask one, a netlink socket is opened there, which stays in the namespace it was made
 * in.
 *
 * A netdev there may stand on one of ours. Its message has the ifindex and the number by which that
 * namespace knows the one of the lower netdev, so it is asked for the number of ours: an ifindex of
 * a third namespace says nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/enter.h"
#include "kernel/list.h"
#include "kernel/netlink.h"
#include "kernel/rtnl.h"
#include "kernel/scan.h"

#define NAMED "/run/netns"
#define BATCH 64 /* sockets open at a time */

struct netns {
    uint64_t inode;
    pid_t pid;      /* the lowest living there, 0 if none */
    char name[256]; /* under /run/netns, "" if it has none */
    char comm[17];
    char process_name[64];
};

struct netnss {
    struct netns *items;
    size_t count;
};

static void netnss_done(struct netnss *n)
{
    free(n->items);
}

/* "net:[4026531840]" */
static int read_inode(int proc_fd, const char *path, uint64_t *ret)
{
    char target[64];
    ssize_t n;

    n = readlinkat(proc_fd, path, target, sizeof(target) - 1);
    if (n < 0)
        return -errno;
    target[n] = '\0';
    target[strcspn(target, "]")] = '\0';
    if (!str_starts(target, "net:["))
        return -EINVAL;
    return str_to_u64(target + strlen("net:["), UINT64_MAX, ret);
}

/* A linear search: hosts have tens to hundreds of namespaces, and neighbours in /proc share one. */
static struct netns *find_or_add(struct netnss *all, uint64_t inode)
{
    struct netns *item;

    for (size_t i = all->count; i > 0; i--) {
        if (all->items[i - 1].inode == inode)
            return &all->items[i - 1];
    }
    item = LIST_ADD(all);
    if (item)
        item->inode = inode;
    return item;
}

static int add_of_processes(DIR *proc, uint64_t own, struct netnss *all, bool *incomplete)
{
    char path[32];
    uint64_t inode;
    pid_t pid;
    int r;

    while ((pid = scan_next_pid(proc)) > 0) {
        struct netns *item;

        snprintf(path, sizeof(path), "%d/ns/net", (int)pid);
        r = read_inode(dirfd(proc), path, &inode);
        *incomplete |= r == -EACCES || r == -EPERM;
        if (r < 0 || inode == own)
            continue;
        item = find_or_add(all, inode);
        if (!item)
            return -ENOMEM;
        if (item->pid == 0 || pid < item->pid)
            item->pid = pid;
    }
    return 0;
}

static int add_named(uint64_t own, struct netnss *all)
{
    _cleanup_(closedir_p) DIR *dir = opendir(NAMED);
    const struct dirent *entry;
    struct stat st;

    while (dir && (entry = readdir(dir))) {
        struct netns *item;

        if (entry->d_name[0] == '.' || strlen(entry->d_name) >= sizeof(item->name) ||
            fstatat(dirfd(dir), entry->d_name, &st, 0) < 0 || st.st_ino == own)
            continue;
        item = find_or_add(all, st.st_ino);
        if (!item)
            return -ENOMEM;
        STR_SET(item->name, entry->d_name);
    }
    return 0;
}

/* Sockets in the next namespaces; -1 where there is none any more. */
struct visit {
    const struct netns *items;
    size_t count;
    struct nl_socket sockets[BATCH];
    bool refused; /* one is there, and could not be entered */
};

/* Gone meanwhile, or a file under /run/netns that is no namespace any more. */
static bool is_gone(int r)
{
    return r == -ENOENT || r == -ESRCH || r == -EINVAL;
}

static int open_socket(void *data)
{
    return nl_socket_open(data, NETLINK_ROUTE);
}

static int visit_one(const struct netns *item, struct nl_socket *ret)
{
    _cleanup_close_ int fd = -1;
    char path[300];
    uint64_t inode;
    int r;

    if (item->pid > 0)
        snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)item->pid);
    else
        snprintf(path, sizeof(path), NAMED "/%s", item->name);
    r = netns_open(path, &fd, &inode);
    if (r < 0)
        return r;
    if (inode != item->inode)
        return -ENOENT; /* the pid is somebody else's by now */
    return enter_netns(fd, open_socket, ret);
}

static int run_visit(struct visit *visit)
{
    for (size_t i = 0; i < BATCH; i++)
        visit->sockets[i] = NL_SOCKET_INIT;
    for (size_t i = 0; i < visit->count; i++) {
        int r = visit_one(&visit->items[i], &visit->sockets[i]);

        if (r == -ENOTRECOVERABLE)
            return r;
        visit->refused |= r < 0 && !is_gone(r);
    }
    return 0;
}

static int add_netdev(const struct netns *ns, const struct rtnl_link *link, int lower,
                      struct foreign_netdevs *ret)
{
    struct foreign_netdev *netdev = LIST_ADD(ret);

    if (!netdev)
        return -ENOMEM;
    STR_SET(netdev->parent, link->parent);
    STR_SET(netdev->ifname, link->name);
    netdev->lower = lower;
    if (ns->name[0])
        STR_SET(netdev->netns, ns->name);
    else
        snprintf(netdev->netns, sizeof(netdev->netns), "net:[%llu]", (unsigned long long)ns->inode);
    STR_SET(netdev->kind, link->kind);
    netdev->pid = ns->pid;
    STR_SET(netdev->comm, ns->comm);
    STR_SET(netdev->name, ns->process_name);
    return 0;
}

static int read_links(struct nl_socket *socket, struct nl_space *space, struct rtnl_links *ret)
{
    _cleanup_buf_ struct buf request = BUF_INIT, answer = BUF_INIT;
    int r;

    rtnl_request_links(&request);
    r = buf_ok(&request);
    if (r < 0)
        return r;
    r = nl_socket_query(socket, space, request.data, &answer, NULL);
    return r < 0 ? r : rtnl_parse_links(&answer, ret);
}

/* How the namespace of the socket numbers ours; -1 if it does not know it. */
static int own_nsid(struct nl_socket *socket, struct nl_space *space)
{
    _cleanup_buf_ struct buf request = BUF_INIT, answer = BUF_INIT;
    int number;

    rtnl_request_nsid(&request, gettid());
    if (buf_ok(&request) < 0 || nl_socket_query(socket, space, request.data, &answer, NULL) < 0 ||
        rtnl_parse_nsid(&answer, &number) < 0)
        return -1;
    return number;
}

static const struct rtnl_link *link_of_name(const struct rtnl_links *links, const char *name)
{
    for (size_t i = 0; i < links->count; i++) {
        if (str_eq(links->items[i].name, name))
            return &links->items[i];
    }
    return NULL;
}

/* Addresses of `count` netdevs found in one namespace. Without them the netdevs are found all the
 * same. */
static void add_addresses(struct nl_socket *socket, struct nl_space *space,
                          const struct rtnl_links *links, struct foreign_netdev *found,
                          size_t count)
{
    _cleanup_(rtnl_addresses_done) struct rtnl_addresses addresses = { 0 };
    _cleanup_buf_ struct buf request = BUF_INIT, answer = BUF_INIT;

    rtnl_request_addresses(&request);
    if (buf_ok(&request) < 0 || nl_socket_query(socket, space, request.data, &answer, NULL) < 0 ||
        rtnl_parse_addresses(&answer, &addresses) < 0)
        return;
    for (size_t i = 0; i < count; i++) {
        const struct rtnl_link *link = link_of_name(links, found[i].ifname);

        for (size_t a = 0; link && a < addresses.count && !found[i].address[0]; a++) {
            const struct rtnl_address *address = &addresses.items[a];

            if (address->ifindex == link->ifindex && !address->link_local_v6)
                STR_SET(found[i].address, address->text);
        }
    }
}

static bool may_stand_here(const struct rtnl_link *link)
{
    return link->lower > 0 && link->lower_elsewhere && link->lower_netnsid >= 0;
}

static int report(int proc_fd, struct netns *ns, struct nl_socket *socket, struct nl_space *space,
                  struct foreign_netdevs *ret)
{
    _cleanup_(rtnl_links_done) struct rtnl_links links = { 0 };
    size_t before = ret->count;
    int own = -1, r;
    bool asked = false;

    r = read_links(socket, space, &links);
    /* One namespace that cannot be read keeps nobody from looking at the others. */
    ret->incomplete |= r < 0;
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    for (size_t i = 0; i < links.count; i++) {
        const struct rtnl_link *link = &links.items[i];
        bool stands_here;

        if (may_stand_here(link) && !asked) {
            own = own_nsid(socket, space);
            asked = true;
        }
        stands_here = may_stand_here(link) && link->lower_netnsid == own;
        if (!link->parent[0] && !stands_here)
            continue;
        if (ns->pid > 0 && !ns->comm[0])
            scan_process_name(proc_fd, ns->pid, ns->comm, ns->process_name);
        r = add_netdev(ns, link, stands_here ? link->lower : 0, ret);
        if (r < 0)
            return r;
    }
    if (ret->count > before)
        add_addresses(socket, space, &links, ret->items + before, ret->count - before);
    return 0;
}

static int visit_batch(int proc_fd, struct netns *items, size_t count, struct nl_space *space,
                       struct foreign_netdevs *ret)
{
    struct visit visit = { .items = items, .count = count };
    int r;

    r = run_visit(&visit);
    ret->incomplete |= visit.refused;
    for (size_t i = 0; i < count; i++) {
        if (r == 0 && visit.sockets[i].fd >= 0)
            r = report(proc_fd, &items[i], &visit.sockets[i], space, ret);
        nl_socket_done(&visit.sockets[i]);
    }
    return r;
}

int scan_foreign_netdevs(struct foreign_netdevs *ret)
{
    _cleanup_(foreign_netdevs_done) struct foreign_netdevs netdevs = { 0 };
    _cleanup_(nl_space_done) struct nl_space space = { 0 };
    _cleanup_(netnss_done) struct netnss all = { 0 };
    _cleanup_(closedir_p) DIR *proc = NULL;
    uint64_t own;
    int r;

    r = scan_open(&proc);
    if (r == 0)
        r = read_inode(dirfd(proc), "thread-self/ns/net", &own);
    if (r == 0)
        r = add_of_processes(proc, own, &all, &netdevs.incomplete);
    if (r == 0)
        r = add_named(own, &all);
    for (size_t i = 0; r == 0 && i < all.count; i += BATCH)
        r = visit_batch(dirfd(proc), all.items + i, MIN_OF(all.count - i, (size_t)BATCH), &space,
                        &netdevs);
    if (r < 0)
        return r;
    *ret = netdevs;
    netdevs = (struct foreign_netdevs){ 0 };
    return 0;
}
