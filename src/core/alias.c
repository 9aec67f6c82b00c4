/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Does a driver drive a device? The kernel does not ask once driver_override names the driver: a
 * network driver of another chip then reads registers that are not there, and e1000e on a VF of igb
 * ends in an oops (6.12). Depmod's list of what each module is for says it beforehand.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>

#include "core/execute.h"

#define CHUNK (256 * 1024)

enum verdict {
    VERDICT_NOT_LISTED, /* nothing is known of this module */
    VERDICT_OTHERS,     /* it is for other devices */
    VERDICT_TAKES,
};

struct search {
    char module[32];
    const char *modalias;
    enum verdict verdict;
};

/* Modules are listed with _ where a driver's name may have -. */
static void module_of(const char *driver, char ret[32])
{
    str_copy(ret, 32, driver);
    for (char *at = ret; *at; at++)
        if (*at == '-')
            *at = '_';
}

/* "alias pci:v00008086d000010CAsv*sd*bc*sc*i* igbvf" */
static void look_at_line(struct search *s, char *line)
{
    char *module = strrchr(line, ' ');

    if (!str_starts(line, "alias pci:") || !str_eq(module + 1, s->module))
        return;
    *module = '\0';
    s->verdict = VERDICT_OTHERS;
    if (fnmatch(line + strlen("alias "), s->modalias, 0) == 0)
        s->verdict = VERDICT_TAKES;
}

/* Looks at the whole lines of `text` and leaves the rest. */
static void look_at_lines(struct search *s, struct buf *text)
{
    char *at = text->data, *end;

    while (s->verdict != VERDICT_TAKES && (end = strchr(at, '\n'))) {
        *end = '\0';
        look_at_line(s, at);
        at = end + 1;
    }
    text->len -= (size_t)(at - text->data);
    memmove(text->data, at, text->len + 1);
}

static enum verdict search_aliases(struct backend *b, const char *path, struct search *s)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    size_t place = 0, before;

    do {
        before = text.len;
        if (b->ops->read_bytes(b, path, place, CHUNK, &text) < 0 || text.len == before)
            break;
        place += text.len - before;
        look_at_lines(s, &text);
    } while (s->verdict != VERDICT_TAKES && text.len < CHUNK);
    return s->verdict;
}

bool driver_is_for(struct backend *b, const char *driver, const struct vf *vf)
{
    _cleanup_free_ char *modalias = NULL, *release = NULL;
    struct search s = { 0 };
    char path[160];

    if (driver_is_passthrough(driver))
        return true;
    snprintf(path, sizeof(path), "%s/modalias", vf->sysfs);
    if (b->ops->read_file(b, path, &modalias) < 0 ||
        b->ops->read_file(b, "/proc/sys/kernel/osrelease", &release) < 0)
        return true;
    s.modalias = modalias;
    module_of(driver, s.module);
    snprintf(path, sizeof(path), "/lib/modules/%s/modules.alias", release);
    return search_aliases(b, path, &s) != VERDICT_OTHERS;
}
