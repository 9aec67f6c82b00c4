/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The environment and stdin. Names become parts of file names and of netlink messages, so they are
 * held to the specification's rules before anybody uses them.
 */
#include "cni/call.h"

#include <errno.h>

#include "core/lease.h"

#define CHUNK 16384

static bool ifname_is_valid(const char *name)
{
    return str_is_plain(name, 15) && !strpbrk(name, "/: ") && !str_eq(name, ".") &&
           !str_eq(name, "..");
}

static bool container_is_valid(const char *id)
{
    return strlen(id) < sizeof(((struct lease_owner *)NULL)->container) && config_name_is_valid(id);
}

/* A path of a namespace has no rules of its own; whether it is one is seen where it is opened. */
static bool netns_is_valid(const char *path)
{
    return strlen(path) < sizeof(((struct lease_owner *)NULL)->netns);
}

static const struct variable {
    const char *name;
    size_t offset;
    unsigned bit;
    bool (*is_valid)(const char *value); /* NULL: anything goes */
    const char *allowed;
} variables[] = {
    { "CNI_COMMAND", offsetof(struct cni_call, command) },
    { "CNI_CONTAINERID", offsetof(struct cni_call, container), NEEDS_CONTAINER, container_is_valid,
      "a letter or digit, then letters, digits, _ . and -, up to 127 characters" },
    { "CNI_NETNS", offsetof(struct cni_call, netns), NEEDS_NETNS, netns_is_valid,
      "up to 255 characters" },
    { "CNI_IFNAME", offsetof(struct cni_call, ifname), NEEDS_IFNAME, ifname_is_valid,
      "1 to 15 characters without / : and blanks" },
    { "CNI_ARGS", offsetof(struct cni_call, args) },
    { "CNI_PATH", offsetof(struct cni_call, path), NEEDS_PATH },
};

static const char **value_at(struct cni_call *c, const struct variable *v)
{
    void *at = (char *)c + v->offset;

    return at;
}

static const char *value_of(const struct cni_call *c, const struct variable *v)
{
    const void *at = (const char *)c + v->offset;

    return *(const char *const *)at;
}

void call_init(struct cni_call *c, char *(*get)(const char *name))
{
    *c = (struct cni_call){
        .state_dir = STATE_DIR_DEFAULT,
        .legacy_dir = LEGACY_DIR_DEFAULT,
        .config = { .version = CNI_1_1_0 },
        .log = { .level = LOG_LEVEL_INFO, .fd = -1 },
    };
    for (size_t i = 0; i < ELEMENTS(variables); i++) {
        const char *value = get(variables[i].name);
        *value_at(c, &variables[i]) = value ? value : "";
    }
}

static void add_missing(struct buf *names, const char *name)
{
    if (names->len > 0)
        buf_add_str(names, ", ");
    buf_add_str(names, name);
}

int call_check(const struct cni_call *c, unsigned needs, struct cni_error *e)
{
    _cleanup_buf_ struct buf missing = BUF_INIT;

    for (size_t i = 0; i < ELEMENTS(variables); i++) {
        const struct variable *v = &variables[i];
        const char *value = value_of(c, v);

        if (needs & v->bit && !*value)
            add_missing(&missing, v->name);
        else if (*value && v->is_valid && !v->is_valid(value))
            return cni_fail(e, CNI_INVALID_ENVIRONMENT, EINVAL, "%s: \"%.80s\" is not allowed: %s",
                            v->name, value, v->allowed);
    }
    if (missing.len > 0)
        return cni_fail(e, CNI_INVALID_ENVIRONMENT, EINVAL, "%s: not set", missing.data);
    return 0;
}

int call_read_input(struct cni_call *c, int fd, struct cni_error *e)
{
    char chunk[CHUNK];
    ssize_t n;

    while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            cni_fail(e, CNI_IO_FAILURE, 0, "stdin: cannot be read: %s", strerrordesc_np(errno));
            return -EIO;
        }
        buf_add(&c->input, chunk, (size_t)n);
        if (c->input.len > CONFIG_LIMIT)
            return cni_fail(e, CNI_DECODING_FAILURE, EFBIG,
                            "network configuration on stdin: longer than %d bytes", CONFIG_LIMIT);
    }
    return buf_ok(&c->input) < 0 ? cni_no_memory(e) : 0;
}

void call_done(struct cni_call *c)
{
    config_done(&c->config);
    buf_done(&c->input);
    log_close(&c->log);
    c->backend = backend_free(c->backend);
}
