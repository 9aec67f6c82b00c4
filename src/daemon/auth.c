/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who asks. Users and groups come from /etc/passwd and /etc/group themselves: the daemon runs
 * before the network, and a directory server that is slow or lies must not decide who may change
 * the host.
 *
 * Browsers. A page of any site can make the browser of somebody who has access send requests to us.
 * Over TCP that gives it nothing, because the token is in no cookie: it must be put into a header,
 * which the browser asks our leave for, and we give none. But the Unix socket may be forwarded to a
 * port of a desk (ssh -L), and there the request alone has the right of who forwards it. So
 * whatever names an Origin must name us; and because a site can give its own name our address (DNS
 * rebinding), the name by which a forwarded socket is called must be none that a site can have.
 */
#include "daemon/auth.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "daemon/token.h"

#define NAMES_LIMIT (4u << 20) /* of /etc/passwd and /etc/group */
#define GROUPS_AT_MOST 65536   /* of a process, as the kernel has it */
#define NO_GROUP ((gid_t)-1)

static const char *const roles[] = {
    [ROLE_NONE] = "none",
    [ROLE_READ] = "read",
    [ROLE_OPERATE] = "operate",
    [ROLE_ADMIN] = "admin",
};

struct user {
    uid_t uid;
    char name[AUTH_WHO_SIZE];
};

struct users {
    struct user *items;
    size_t count;
};

/* The file of tokens as it was read; read again when it is another one. */
struct token_file {
    char *path;
    struct tokens tokens;
    struct stat seen;
};

struct auth {
    char *group_name;
    gid_t group;
    struct users users;
    struct token_file *file;
};

const char *role_name(enum role role)
{
    return roles[role];
}

int role_from_name(const char *name, enum role *ret)
{
    for (size_t i = ROLE_READ; i < ELEMENTS(roles); i++) {
        if (str_eq(roles[i], name)) {
            *ret = (enum role)i;
            return 0;
        }
    }
    return -EINVAL;
}

/* ---- users, groups, tokens ---- */

/* The next line "NAME:PASSWORD:NUMBER:..." of such a file, by way of *rest; false at the end. */
static bool next_entry(char **rest, const char **ret_name, uint32_t *ret_number)
{
    char *line;
    while ((line = strsep(rest, "\n"))) {
        const char *name = strsep(&line, ":");
        const char *password = strsep(&line, ":"), *number = strsep(&line, ":");
        uint64_t value;
        if (password && number && str_to_u64(number, UINT32_MAX - 1, &value) == 0) {
            *ret_name = name;
            *ret_number = (uint32_t)value;
            return true;
        }
    }
    return false;
}

static gid_t find_group(const char *name)
{
    _cleanup_free_ char *text = NULL;
    const char *found;
    gid_t gid;
    if (file_read_at(AT_FDCWD, "/etc/group", NAMES_LIMIT, &text, NULL) < 0)
        return NO_GROUP;
    for (char *rest = text; next_entry(&rest, &found, &gid);) {
        if (str_eq(found, name))
            return gid;
    }
    return NO_GROUP;
}

static int add_user(struct users *all, const char *name, uid_t uid)
{
    struct user *items = reallocarray(all->items, all->count + 1, sizeof(*items));
    if (!items)
        return -ENOMEM;
    all->items = items;
    items[all->count].uid = uid;
    STR_SET(items[all->count++].name, name);
    return 0;
}

/* Names only; whoever is missing is called by number. */
static struct users read_users(void)
{
    _cleanup_free_ char *text = NULL;
    struct users all = { 0 };
    const char *name;
    uid_t uid;
    if (file_read_at(AT_FDCWD, "/etc/passwd", NAMES_LIMIT, &text, NULL) < 0)
        return all;
    for (char *rest = text; next_entry(&rest, &name, &uid);) {
        if (add_user(&all, name, uid) < 0)
            break;
    }
    return all;
}

/* Nothing of it is left if it cannot be read: better no token than one that was taken back. */
static int read_tokens(struct token_file *f, struct sriov_error *error)
{
    struct tokens tokens = { 0 };
    if (stat(f->path, &f->seen) < 0)
        f->seen = (struct stat){ 0 };
    int r = tokens_read(f->path, &tokens, error);
    tokens_done(&f->tokens);
    f->tokens = tokens;
    return r;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mode == b->st_mode && a->st_uid == b->st_uid &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* A token that was removed must not be good until somebody thinks of a reload. */
static void follow_tokens(struct token_file *f)
{
    struct stat now = { 0 };
    if (stat(f->path, &now) < 0)
        now = (struct stat){ 0 };
    if (!is_same_file(&now, &f->seen))
        (void)read_tokens(f, NULL);
}

static struct token_file *token_file_free(struct token_file *f)
{
    if (f) {
        tokens_done(&f->tokens);
        free(f->path);
    }
    free(f);
    return NULL;
}

int auth_reload(struct auth *a, struct sriov_error *error)
{
    a->group = find_group(a->group_name);
    free(a->users.items);
    a->users = read_users();
    return read_tokens(a->file, error);
}

DEFINE_CLEANUP(struct auth *, auth_free)

int auth_new(const struct config *config, struct auth **ret, struct sriov_error *error)
{
    _cleanup_(auth_free_p) struct auth *a = calloc(1, sizeof(*a));
    if (!a)
        return error_no_memory(error);
    a->group_name = strdup(config->group);
    a->file = calloc(1, sizeof(*a->file));
    if (a->file)
        a->file->path = strdup(config->tokens);
    if (!a->group_name || !a->file || !a->file->path)
        return error_no_memory(error);
    int r = auth_reload(a, error);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(a);
    return 0;
}

struct auth *auth_free(struct auth *a)
{
    if (a) {
        free(a->group_name);
        free(a->users.items);
        token_file_free(a->file);
    }
    free(a);
    return NULL;
}

/* ---- who it is ---- */

static bool has_gid(const gid_t *groups, size_t count, gid_t wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (groups[i] == wanted)
            return true;
    }
    return false;
}

/* The groups that the peer's process had when it connected. */
static bool is_in_group(const struct http_peer *peer, gid_t group)
{
    gid_t few[64];
    _cleanup_free_ gid_t *many = NULL;
    socklen_t len = sizeof(few);
    if (group == NO_GROUP || peer->gid == group)
        return group != NO_GROUP;
    if (getsockopt(peer->fd, SOL_SOCKET, SO_PEERGROUPS, few, &len) == 0)
        return has_gid(few, len / sizeof(*few), group);
    if (errno != ERANGE || len > GROUPS_AT_MOST * sizeof(*many))
        return false;
    many = malloc(len);
    return many && getsockopt(peer->fd, SOL_SOCKET, SO_PEERGROUPS, many, &len) == 0 &&
           has_gid(many, len / sizeof(*many), group);
}

/* A daemon that is not root's obeys its own user. */
static enum role role_of_peer(const struct auth *a, const struct http_peer *peer)
{
    bool is_master = peer->uid == 0 || peer->uid == geteuid();
    return is_master || is_in_group(peer, a->group) ? ROLE_ADMIN : ROLE_READ;
}

static void name_peer(const struct auth *a, const struct http_peer *peer, char who[AUTH_WHO_SIZE])
{
    snprintf(who, AUTH_WHO_SIZE, "uid %u", peer->uid);
    for (size_t i = 0; i < a->users.count; i++) {
        if (a->users.items[i].uid == peer->uid) {
            str_copy(who, AUTH_WHO_SIZE, a->users.items[i].name);
            return;
        }
    }
}

static const char *bearer_of(const struct http_request *r)
{
    static const char scheme[] = "Bearer ";
    const char *value = http_header(r, "Authorization");
    if (!value || strncasecmp(value, scheme, sizeof(scheme) - 1) != 0)
        return NULL;
    value += sizeof(scheme) - 1;
    return value + strspn(value, " ");
}

int auth_who(const struct auth *a, const struct http_request *r, enum role *ret,
             char who[AUTH_WHO_SIZE])
{
    const struct http_peer *peer = http_peer(r);
    if (peer->is_local) {
        *ret = role_of_peer(a, peer);
        name_peer(a, peer, who);
        return 0;
    }
    follow_tokens(a->file);
    const char *text = bearer_of(r);
    const struct token *t = text ? tokens_find(&a->file->tokens, text, time(NULL)) : NULL;
    if (!t)
        return -EACCES;
    *ret = t->role;
    snprintf(who, AUTH_WHO_SIZE, "token %s", t->name);
    return 0;
}

/* ---- pages of other sites ---- */

/* "localhost", "node7", an address: nobody can have such a name lead to us by DNS of his own. */
static bool is_private_name(const char *host)
{
    char name[256];
    struct in_addr v4;
    if (*host == '[' || !strchr(host, '.'))
        return true;
    if (!STR_SET(name, host))
        return false;
    name[strcspn(name, ":")] = '\0';
    return inet_pton(AF_INET, name, &v4) == 1;
}

static bool is_our_origin(const char *origin, const char *host, bool is_local)
{
    static const char secure[] = "https://", clear[] = "http://";
    if (strncasecmp(origin, secure, sizeof(secure) - 1) == 0)
        return strcasecmp(origin + sizeof(secure) - 1, host) == 0;
    return is_local && strncasecmp(origin, clear, sizeof(clear) - 1) == 0 &&
           strcasecmp(origin + sizeof(clear) - 1, host) == 0;
}

bool auth_is_foreign(const struct http_request *r)
{
    bool is_local = http_peer(r)->is_local;
    const char *origin = http_header(r, "Origin");
    const char *host = http_header(r, "Host");
    if (!host)
        host = "";
    if (is_local && !is_private_name(host))
        return true;
    return origin && !is_our_origin(origin, host, is_local);
}
