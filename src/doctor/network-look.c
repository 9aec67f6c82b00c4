/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How the checks of the area network look at a VF: who uses it, what its PF has set, and what the
 * PF's driver logged about it.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "doctor/network.h"
#include "kernel/devlink.h"

bool vf_in_use(const struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct rtnl_link *own = netdev_of_vf(d, vf);

    return (own && own->up) || holder_of(d, pf, (int)vf->index);
}

size_t vfs_in_use(const struct doctor *d, const struct pf *pf)
{
    size_t count = 0;

    for (size_t i = 0; i < pf->n_vfs; i++)
        count += vf_in_use(d, pf, &pf->vfs[i]);
    return count;
}

bool vf_is_passed_through(const struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    return driver_is_passthrough(vf->attrs.driver) && holder_of(d, pf, (int)vf->index);
}

bool attr_is(const struct attrs *a, enum sriov_attr attr, uint64_t value)
{
    return attrs_has(a, attr) && a->value[attr] == value;
}

bool attr_is_set(const struct attrs *a, enum sriov_attr attr, uint64_t *ret)
{
    if (!attrs_has(a, attr) || a->value[attr] == 0)
        return false;
    *ret = a->value[attr];
    return true;
}

bool is_switchdev(const struct pf *pf)
{
    return attr_is(&pf->attrs, SRIOV_ESWITCH_MODE, ESWITCH_SWITCHDEV);
}

void evidence_attr(struct doctor *d, struct finding *f, const struct pf *pf, const struct vf *vf,
                   enum sriov_attr attr)
{
    const struct attr *row = attr_row(attr);
    char text[ATTR_TEXT_SIZE], source[64];

    snprintf(source, sizeof(source), "ip -d link show %s, vf %u", pf->name, vf->index);
    attr_text(row, &vf->attrs, text);
    evidence(d, f, source, "%s %s", row->name, text);
}

/* ---- the kernel log ---- */

bool log_names_vf(const char *line, unsigned vf)
{
    const char *at = line;
    char number[16];
    size_t len;

    len = (size_t)snprintf(number, sizeof(number), "%u", vf);
    while ((at = strstr(at, "VF"))) {
        at += strlen("VF");
        if (*at != ' ' && *at != '-' && *at != '(')
            continue;
        at++;
        if (strncmp(at, number, len) == 0 && !isdigit((unsigned char)at[len]))
            return true;
    }
    return false;
}

const char *log_of_vf(struct doctor *d, const struct pf *pf, unsigned vf, const char *words)
{
    const char *line, *last = NULL;
    size_t place = 0;

    while ((line = log_next(d, &place, pf->key, words))) {
        if (log_names_vf(line, vf))
            last = line;
    }
    return last;
}

int64_t log_time(const char *line)
{
    unsigned long seconds, micro;
    char end;

    if (sscanf(line, "[ %9lu.%6lu%c", &seconds, &micro, &end) != 3 || end != ']')
        return -1;
    return (int64_t)seconds * 1000 + (int64_t)micro / 1000;
}

size_t log_densest(const int64_t *times, size_t count, int64_t span)
{
    size_t most = 0, first = 0;

    for (size_t last = 0; last < count; last++) {
        while (times[last] - times[first] > span)
            first++;
        most = MAX_OF(most, last - first + 1);
    }
    return most;
}

/* ---- addresses ---- */

struct cidr {
    int family;
    unsigned char bytes[16];
    uint64_t prefix;
};

static bool parse_cidr(const char *text, struct cidr *ret)
{
    const char *slash = strchr(text, '/');
    char address[INET6_ADDRSTRLEN];

    if (!slash || (size_t)(slash - text) >= sizeof(address))
        return false;
    memcpy(address, text, (size_t)(slash - text));
    address[slash - text] = '\0';
    ret->family = strchr(address, ':') ? AF_INET6 : AF_INET;
    return inet_pton(ret->family, address, ret->bytes) == 1 &&
           str_to_u64(slash + 1, ret->family == AF_INET ? 32 : 128, &ret->prefix) == 0;
}

bool same_network(const char *a, const char *b)
{
    struct cidr x, y;
    size_t whole;
    unsigned rest;

    if (!parse_cidr(a, &x) || !parse_cidr(b, &y) || x.family != y.family || x.prefix != y.prefix ||
        x.prefix == 0)
        return false;
    whole = x.prefix / 8;
    rest = x.prefix % 8;
    if (memcmp(x.bytes, y.bytes, whole) != 0)
        return false;
    return rest == 0 || (x.bytes[whole] ^ y.bytes[whole]) >> (8 - rest) == 0;
}
