/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a word to a PF or its VFs. A name is taken as a whole before it is cut at a slash, and a PF
 * is looked for under one kind of name after the other, so that a netdev that happens to be called
 * like another one's altname still means itself.
 */
#include "core/target.h"

#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "base/mac.h"
#include "base/str.h"

#define PF_WORD_SIZE 160 /* an altname has at most 127 bytes */

/* ---- ranges ---- */

/* Reads digits at *p up to `max` - 1 and steps over them. */
static int read_index(const char **p, unsigned max, unsigned *ret)
{
    uint64_t value = 0;
    size_t digits = strspn(*p, "0123456789");
    if (digits == 0)
        return -EINVAL;
    for (size_t i = 0; i < digits; i++) {
        value = 10 * value + (unsigned)((*p)[i] - '0');
        if (value >= max)
            return -ERANGE;
    }
    *p += digits;
    *ret = (unsigned)value;
    return 0;
}

/* Reads "1" or "1-3" at *p and steps over it and the comma behind it. 1: another one must follow,
 * 0: it was the last. */
static int read_range(const char **p, unsigned max, unsigned *first, unsigned *last)
{
    int r = read_index(p, max, first);
    if (r < 0)
        return r;
    *last = *first;
    if (**p == '-') {
        (*p)++;
        r = read_index(p, max, last);
        if (r < 0)
            return r;
    }
    if (*last < *first)
        return -EINVAL;
    if (**p == '\0')
        return 0;
    return *(*p)++ == ',' ? 1 : -EINVAL;
}

/* Reads the whole text. Marks its numbers, unless `marks` is NULL; *end is raised above the
 * highest. */
static int read_ranges(const char *text, unsigned max, bool *marks, unsigned *end)
{
    unsigned first, last;
    int r;
    do {
        r = read_range(&text, max, &first, &last);
        if (r < 0)
            return r;
        if (marks)
            memset(marks + first, true, last - first + 1);
        *end = MAX_OF(*end, last + 1);
    } while (r > 0);
    return 0;
}

/* The marks reach no further than the highest number: a policy may have a range for each of its
 * VFs. */
int ranges_parse(const char *text, unsigned max, unsigned **ret, size_t *ret_count)
{
    unsigned end = 0;
    int r = read_ranges(text, max, NULL, &end);
    if (r < 0)
        return r;
    for (size_t i = 0; i < *ret_count; i++) {
        if ((*ret)[i] < max)
            end = MAX_OF(end, (*ret)[i] + 1);
    }
    _cleanup_free_ bool *marks = calloc(end, sizeof(*marks));
    if (!marks)
        return -ENOMEM;
    for (size_t i = 0; i < *ret_count; i++) {
        if ((*ret)[i] < max)
            marks[(*ret)[i]] = true;
    }
    read_ranges(text, max, marks, &end);

    size_t count = 0;
    for (unsigned i = 0; i < end; i++)
        count += marks[i];
    unsigned *indexes = reallocarray(*ret, count, sizeof(*indexes));
    if (!indexes)
        return -ENOMEM;
    count = 0;
    for (unsigned i = 0; i < end; i++) {
        if (marks[i])
            indexes[count++] = i;
    }
    *ret = indexes;
    *ret_count = count;
    return 0;
}

/* ---- the PF ---- */

/* "01:00.0" means the one in domain 0. */
static bool pci_is(const char *pci, const char *word)
{
    if (strcasecmp(pci, word) == 0)
        return true;
    return str_starts(pci, "0000:") && strcasecmp(pci + strlen("0000:"), word) == 0;
}

static bool pf_has_name(const struct pf *pf, const char *word)
{
    return str_eq(pf->name, word);
}

static bool pf_has_altname(const struct pf *pf, const char *word)
{
    return strv_has(&pf->altnames, word);
}

static bool pf_has_address(const struct pf *pf, const char *word)
{
    return pci_is(pf->key, word) || str_eq(pf->handle, word);
}

static bool pf_has_mac(const struct pf *pf, const char *word)
{
    uint64_t mac;
    return pf->has_mac && mac_from_text(word, &mac) == 0 && mac == pf->mac;
}

/* In the order in which they are tried. */
static bool (*const pf_names[])(const struct pf *pf, const char *word) = {
    pf_has_name,
    pf_has_altname,
    pf_has_address,
    pf_has_mac,
};

static struct pf *find_pf(const struct snapshot *s, const char *word)
{
    if (*word == '\0')
        return NULL;
    for (size_t kind = 0; kind < ELEMENTS(pf_names); kind++) {
        for (size_t i = 0; i < s->n_pfs; i++) {
            if (pf_names[kind](&s->pfs[i], word))
                return &s->pfs[i];
        }
    }
    return NULL;
}

/* Cuts "enp1s0/3" at its last slash (the devlink handle of a PF has one itself); NULL without one.
 */
static const char *cut_word(const char *word, char ret_pf[PF_WORD_SIZE])
{
    const char *slash = strrchr(word, '/');
    size_t len = slash ? (size_t)(slash - word) : 0;
    if (!slash || len >= PF_WORD_SIZE)
        return NULL;
    memcpy(ret_pf, word, len);
    ret_pf[len] = '\0';
    return slash + 1;
}

struct pf *target_find_pf(const struct snapshot *s, const char *word)
{
    char cut[PF_WORD_SIZE];
    struct pf *pf = find_pf(s, word);
    if (pf || !cut_word(word, cut))
        return pf;
    return find_pf(s, cut);
}

/* ---- the VF ---- */

static int link_of_name(const struct snapshot *s, const char *word)
{
    for (size_t i = 0; i < s->links.count; i++) {
        const struct rtnl_link *link = &s->links.items[i];
        if (str_eq(link->name, word) || strv_has(&link->altnames, word))
            return link->ifindex;
    }
    return 0;
}

static struct pf *find_vf(const struct snapshot *s, const char *word, unsigned *ret_index)
{
    int ifindex = link_of_name(s, word);
    for (size_t i = 0; i < s->n_pfs; i++) {
        struct pf *pf = &s->pfs[i];
        for (size_t j = 0; j < pf->n_vfs; j++) {
            const struct vf *vf = &pf->vfs[j];
            if ((ifindex != 0 && vf->ifindex == ifindex) || (*vf->pci && pci_is(vf->pci, word))) {
                *ret_index = vf->index;
                return pf;
            }
        }
    }
    return NULL;
}

static bool pf_has_vf(const struct pf *pf, unsigned index)
{
    for (size_t i = 0; i < pf->n_vfs; i++) {
        if (pf->vfs[i].index == index)
            return true;
    }
    return false;
}

/* ---- what is wrong ---- */

/* We know that it is missing; the kernel was not asked and its words stay empty. */
static int no_device(struct sriov_error *error)
{
    if (error)
        error->error = ENODEV;
    return -ENODEV;
}

static size_t add_names(const struct pf *pf, const char **words)
{
    size_t n = 0;
    if (*pf->name)
        words[n++] = pf->name;
    for (size_t i = 0; i < pf->altnames.count; i++)
        words[n++] = pf->altnames.items[i];
    words[n++] = pf->key;
    return n;
}

static void suggest_pf(const struct snapshot *s, const char *word, struct sriov_error *error)
{
    size_t room = 1;
    for (size_t i = 0; i < s->n_pfs; i++)
        room += 2 + s->pfs[i].altnames.count;
    _cleanup_free_ const char **words = calloc(room, sizeof(*words));
    size_t n = 0;
    for (size_t i = 0; words && i < s->n_pfs; i++)
        n += add_names(&s->pfs[i], words + n);

    const char *nearest = words ? str_nearest(word, words) : NULL;
    if (nearest)
        error_remedy(error, "did you mean %s? `sriovctl list` shows all", nearest);
    else
        error_remedy(error, "`sriovctl list` shows all");
}

static int no_such_pf(const struct snapshot *s, const char *word, struct sriov_error *error)
{
    char cut[PF_WORD_SIZE];
    unsigned index;
    if (cut_word(word, cut))
        word = cut;
    const struct pf *pf = find_vf(s, word, &index);
    if (pf) {
        error_set(error, SRIOV_NO_DEVICE, 0, word, "%s is VF %s/%u and has no VFs of its own", word,
                  pf_label(pf), index);
        return no_device(error);
    }
    error_set(error, SRIOV_NO_DEVICE, 0, word, "no such PF: \"%.100s\"", word);
    suggest_pf(s, word, error);
    return no_device(error);
}

static int no_such_vf(const struct pf *pf, unsigned index, struct sriov_error *error)
{
    char object[OBJECT_SIZE], have[64] = "no VFs";
    const char *name = pf_label(pf);
    vf_label(pf, index, object);
    if (pf->n_vfs == 1)
        snprintf(have, sizeof(have), "1 VF (%u)", pf->vfs[0].index);
    else if (pf->n_vfs > 1)
        snprintf(have, sizeof(have), "%zu VFs (%u-%u)", pf->n_vfs, pf->vfs[0].index,
                 pf->vfs[pf->n_vfs - 1].index);
    error_set(error, SRIOV_NO_DEVICE, 0, object, "%s has %s, there is no VF %u", name, have, index);
    if (pf->n_vfs == 0)
        error_remedy(error, "`sriovctl create %s COUNT` makes VFs", name);
    return no_device(error);
}

static int bad_ranges(const struct pf *pf, const char *text, int r, struct sriov_error *error)
{
    if (r == -ENOMEM)
        return error_no_memory(error);
    if (r == -ERANGE)
        error_set(error, SRIOV_USAGE, 0, pf_label(pf), "\"%.100s\": VF numbers go from 0 to %d",
                  text, MAX_VFS - 1);
    else
        error_set(error, SRIOV_USAGE, 0, pf_label(pf), "\"%.100s\" is no list of VF numbers", text);
    error_remedy(error, "write one VF as 3, a range as 0-3, several as 0,2-4");
    return -EINVAL;
}

/* ---- both ---- */

static int target_of_vf(struct pf *pf, unsigned index, struct target *ret,
                        struct sriov_error *error)
{
    unsigned *indexes = malloc(sizeof(*indexes));
    if (!indexes)
        return error_no_memory(error);
    *indexes = index;
    *ret = (struct target){ .pf = pf, .has_vfs = true, .indexes = indexes, .count = 1 };
    return 0;
}

static int target_of_ranges(struct pf *pf, const char *text, struct target *ret,
                            struct sriov_error *error)
{
    _cleanup_free_ unsigned *indexes = NULL;
    size_t count = 0;
    int r = ranges_parse(text, MAX_VFS, &indexes, &count);
    if (r < 0)
        return bad_ranges(pf, text, r, error);
    for (size_t i = 0; i < count; i++) {
        if (!pf_has_vf(pf, indexes[i]))
            return no_such_vf(pf, indexes[i], error);
    }
    *ret = (struct target){
        .pf = pf, .has_vfs = true, .indexes = TAKE_PTR(indexes), .count = count
    };
    return 0;
}

int target_find(const struct snapshot *s, const char *word, struct target *ret,
                struct sriov_error *error)
{
    char cut[PF_WORD_SIZE];
    unsigned index;
    if (*word == '\0' || *word == '/')
        return error_set(error, SRIOV_USAGE, 0, word, "\"%.100s\" names no PF", word);

    struct pf *pf = find_pf(s, word);
    if (pf) {
        *ret = (struct target){ .pf = pf };
        return 0;
    }
    pf = find_vf(s, word, &index);
    if (pf)
        return target_of_vf(pf, index, ret, error);

    const char *ranges = cut_word(word, cut);
    pf = ranges ? find_pf(s, cut) : NULL;
    if (!pf)
        return no_such_pf(s, word, error);
    return target_of_ranges(pf, ranges, ret, error);
}

void target_done(struct target *t)
{
    free(t->indexes);
    *t = (struct target){ 0 };
}
