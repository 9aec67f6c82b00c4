/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The attribute table: everything a VF or a PF can be set to, one row each. Parsing, printing,
 * JSON, validation, the diff, the netlink message, help and man page all come from the row. A new
 * attribute is a new row (and its number in sriov/attr.h).
 */
#ifndef CORE_ATTR_H
#define CORE_ATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json-write.h"
#include "core/error.h"
#include "kernel/rtnl.h"
#include "sriov/attr.h"

enum attr_scope {
    ATTR_OF_VF,
    ATTR_OF_PF,
};

enum attr_type {
    ATTR_BOOL,   /* on, off */
    ATTR_NUMBER, /* min..max */
    ATTR_WORD,   /* one of `words` */
    ATTR_MAC,
    ATTR_GUID,
    ATTR_TEXT, /* kept in struct attrs by name: driver, name */
};

/* How an attribute reaches the kernel; the planner makes a step of it. */
enum attr_way {
    WAY_VF_NETLINK, /* RTM_SETLINK on the PF, group `group` */
    WAY_VF_MSIX,    /* sysfs sriov_vf_msix_count of an unbound VF */
    WAY_VF_DRIVER,  /* driver_override and bind */
    WAY_VF_MTU,     /* RTM_SETLINK on the VF's netdev */
    WAY_VF_NAME,
    WAY_PF_NUM_VFS,
    WAY_PF_AUTOPROBE,
    WAY_PF_ESWITCH,
    WAY_PF_MTU,
    WAY_PF_LINK,
};

struct attr_word {
    const char *word;
    uint64_t value;
};

struct attr {
    enum sriov_attr id;
    const char *name;
    enum attr_scope scope;
    enum attr_type type;
    enum attr_way way;
    enum rtnl_vf_group group; /* WAY_VF_NETLINK only */
    uint64_t min, max;        /* ATTR_NUMBER; ATTR_TEXT: max is the longest text */
    uint64_t fresh;           /* the value a newly made VF has when its driver says nothing else */
    const struct attr_word *words;
    const char *unit; /* "Mbit/s", "" */
    const char *help;
};

/* Values of the attributes of one PF or VF. `known` has bit (1 << id). The driver of a VF that is
 * unbound is known and ""; in what is wanted it is one of the words below or a driver's name. */
struct attrs {
    uint32_t known;
    uint64_t value[SRIOV_ATTR_COUNT];
    char driver[32];
    char name[16];
};

/* Words that `driver` takes beside a driver's name. */
#define DRIVER_DEFAULT "default" /* the one the kernel would choose */
#define DRIVER_NONE "none"       /* unbound */

const struct attr *attr_row(enum sriov_attr id);
const struct attr *attr_find(enum attr_scope scope, const char *name); /* NULL if there is none */

/* The names of one scope, NULL-terminated, for str_nearest and completions. Needs room for
 * SRIOV_ATTR_COUNT + 1. */
void attr_names(enum attr_scope scope, const char *ret[SRIOV_ATTR_COUNT + 1]);

static inline bool attrs_has(const struct attrs *a, enum sriov_attr id)
{
    return a->known & (UINT32_C(1) << id);
}

/* Reads `text` into `ret`. On a wrong value returns -EINVAL with the allowed values in `error`
 * (code usage); `object` is what the error is said to be about. */
int attr_parse(const struct attr *row, const char *text, struct attrs *ret, const char *object,
               struct sriov_error *error);

/* The value as a person and the policy write it; "-" if it is not known. */
#define ATTR_TEXT_SIZE 40
void attr_text(const struct attr *row, const struct attrs *a, char ret[ATTR_TEXT_SIZE]);

/* The value as JSON (null if not known). */
void attr_json(const struct attr *row, const struct attrs *a, struct json_writer *w,
               const char *key);

/* Do two sets agree on an attribute that `want` knows? Unknown on the other side does not agree. */
bool attr_agrees(enum sriov_attr id, const struct attrs *want, const struct attrs *have);

void attrs_copy(enum sriov_attr id, const struct attrs *from, struct attrs *to);
void attrs_set(struct attrs *a, enum sriov_attr id, uint64_t value);
void attrs_set_text(struct attrs *a, enum sriov_attr id, const char *text);
static inline void attrs_forget(struct attrs *a, enum sriov_attr id)
{
    a->known &= ~(UINT32_C(1) << id);
}

#endif
