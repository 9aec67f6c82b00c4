/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The log of leases. A line is "TIME BOOT EVENT PF VF PID OWNER CONTAINER", with tabs between and
 * nothing but printable text in the fields; one write per line, so lines of several writers do not
 * mix. Readers pass over what is no such line (a full disk may have cut one) and count it.
 */
#include "core/lease-log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

#define LOG_NAME "leases.log"
#define READ_LIMIT (LEASE_LOG_LIMIT + (1u << 20)) /* writers at work while it is put aside */
#define FIELDS 8

static const char *const event_names[LEASE_EVENTS] = {
    [LEASE_TAKEN] = "taken",         [LEASE_UNDONE] = "undone", [LEASE_RELEASED] = "released",
    [LEASE_RECLAIMED] = "reclaimed", [LEASE_VOID] = "void",
};

const char *lease_event_name(enum lease_event event)
{
    return event_names[event];
}

static int make_path(const char *state_dir, const char *ending, char ret[PATH_MAX])
{
    int n = snprintf(ret, PATH_MAX, "%s/" LOG_NAME "%s", state_dir, ending);
    return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* ---- writing ---- */

/* What would end a field or a line, or disturb a terminal, becomes '?'. */
static void add_field(struct buf *line, const char *text, char end)
{
    for (; *text; text++)
        buf_add_char(line, (unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
    buf_add_char(line, end);
}

static int make_line(enum lease_event event, const struct lease *l, struct buf *ret)
{
    char boot[HOST_BOOT_ID_SIZE] = "";
    int r = lease_is_readable(l) ? 0 : host_boot_id(boot);
    if (r < 0)
        return r;
    buf_printf(ret, "%lld\t%s\t%s\t%s\t%u\t%d\t", (long long)time(NULL),
               lease_is_readable(l) ? l->boot : boot, event_names[event], l->pf, l->vf,
               (int)l->owner.pid);
    add_field(ret, l->owner.name, '\t');
    add_field(ret, l->owner.container, '\n');
    return buf_ok(ret);
}

/* Two writers may find it too long at once: the second sees that the file he has open is not the
 * one of that name any more. Failing is no harm: the next writer tries again. */
static void put_aside(int fd, const char *state_dir, const char *path)
{
    char aside[PATH_MAX];
    struct stat ours, there;
    if (make_path(state_dir, ".1", aside) < 0 || flock(fd, LOCK_EX) < 0)
        return;
    if (fstat(fd, &ours) == 0 && stat(path, &there) == 0 && ours.st_ino == there.st_ino)
        (void)rename(path, aside);
}

static int append(const char *state_dir, const struct buf *line)
{
    char path[PATH_MAX];
    int r = make_path(state_dir, "", path);
    if (r < 0)
        return r;
    _cleanup_close_ int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
                                  0600);
    if (fd < 0)
        return -errno;
    ssize_t n = write(fd, line->data, line->len);
    if (n < 0)
        return -errno;
    if ((size_t)n != line->len)
        return -ENOSPC;
    if (lseek(fd, 0, SEEK_CUR) > (off_t)LEASE_LOG_LIMIT)
        put_aside(fd, state_dir, path);
    return 0;
}

int lease_log_add(const char *state_dir, enum lease_event event, const struct lease *l,
                  struct sriov_error *error)
{
    _cleanup_buf_ struct buf line = BUF_INIT;
    int r = make_line(event, l, &line);
    if (r >= 0)
        r = append(state_dir, &line);
    if (r < 0) {
        error_set(error, error_code_of(-r), -r, state_dir, "the log of leases cannot be written");
        error_remedy(error,
                     "see whether " LOG_NAME " there can be written, and whether the disk is full");
    }
    return r;
}

/* ---- reading ---- */

static int find_event(const char *name, enum lease_event *ret)
{
    for (unsigned i = 0; i < LEASE_EVENTS; i++) {
        if (str_eq(event_names[i], name)) {
            *ret = (enum lease_event)i;
            return 0;
        }
    }
    return -EINVAL;
}

/* Cuts the line at its tabs. False unless there are as many fields as there must be. */
static bool cut(char *line, char *fields[FIELDS])
{
    size_t n = 0;
    for (char *rest = line; rest; n++) {
        char *field = strsep(&rest, "\t");
        if (n < FIELDS)
            fields[n] = field;
    }
    return n == FIELDS;
}

static bool parse(char *line, struct lease_record *ret)
{
    char *f[FIELDS];
    uint64_t when, vf, pid;
    if (!cut(line, f) || str_to_u64(f[0], INT64_MAX, &when) < 0 ||
        find_event(f[2], &ret->event) < 0 || str_to_u64(f[4], UINT16_MAX, &vf) < 0 ||
        str_to_u64(f[5], INT32_MAX, &pid) < 0)
        return false;
    ret->when = (int64_t)when;
    ret->vf = (unsigned)vf;
    ret->pid = (pid_t)pid;
    return STR_SET(ret->boot, f[1]) && STR_SET(ret->pf, f[3]) && STR_SET(ret->owner, f[6]) &&
           STR_SET(ret->container, f[7]);
}

static int add_line(struct lease_records *all, char *line, const char *pf, int vf)
{
    struct lease_record record = { 0 };
    if (!parse(line, &record)) {
        all->damaged++;
        return 0;
    }
    if ((pf && !str_eq(record.pf, pf)) || (vf >= 0 && record.vf != (unsigned)vf))
        return 0;
    if ((all->count & (all->count - 1)) == 0) { /* full at each power of two */
        size_t room = all->count ? all->count * 2 : 1;
        struct lease_record *items = reallocarray(all->items, room, sizeof(*items));
        if (!items)
            return -ENOMEM;
        all->items = items;
    }
    all->items[all->count++] = record;
    return 0;
}

static int add_file(struct lease_records *all, const char *path, const char *pf, int vf)
{
    _cleanup_free_ char *text = NULL;
    int r = file_read_at(AT_FDCWD, path, READ_LIMIT, &text, NULL);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    char *rest = text;
    while (r >= 0 && *rest) {
        char *line = rest;
        rest = strchrnul(rest, '\n');
        if (*rest)
            *rest++ = '\0';
        if (*line)
            r = add_line(all, line, pf, vf);
    }
    return r;
}

void lease_records_done(struct lease_records *r)
{
    free(r->items);
    *r = (struct lease_records){ 0 };
}

int lease_log_read(const char *state_dir, const char *pf, int vf, struct lease_records *ret,
                   struct sriov_error *error)
{
    static const char *const endings[] = { ".1", "" };
    struct lease_records all = { 0 };
    char path[PATH_MAX] = "";
    int r = 0;
    for (size_t i = 0; r >= 0 && i < ELEMENTS(endings); i++) {
        r = make_path(state_dir, endings[i], path);
        if (r >= 0)
            r = add_file(&all, path, pf, vf);
    }
    if (r < 0) {
        lease_records_done(&all);
        return error_set(error, error_code_of(-r), -r, path, "the log of leases cannot be read");
    }
    *ret = all;
    return 0;
}

/* ---- tenures ---- */

static bool same_vf(const struct lease_record *a, const struct lease_record *b)
{
    return a->vf == b->vf && str_eq(a->pf, b->pf);
}

struct tenure lease_tenure(const struct lease_records *r, size_t place, const char *boot)
{
    struct tenure t = { .taken = &r->items[place] };
    for (size_t i = place + 1; i < r->count; i++) {
        const struct lease_record *next = &r->items[i];
        if (!same_vf(next, t.taken))
            continue;
        /* After a reboot the next that happens to the VF says nothing about when this one ended. */
        if (!str_eq(next->boot, t.taken->boot) || next->event == LEASE_VOID)
            break;
        t.ended = next;
        break;
    }
    t.by_reboot = !t.ended && !str_eq(t.taken->boot, boot);
    return t;
}

bool tenure_holds_at(const struct lease_records *r, const struct tenure *t, int64_t when)
{
    if (t->taken->event != LEASE_TAKEN || when < t->taken->when)
        return false;
    if (t->ended)
        return when < t->ended->when;
    for (const struct lease_record *i = t->taken + 1; t->by_reboot && i < r->items + r->count;
         i++) {
        if (!str_eq(i->boot, t->taken->boot))
            return when < i->when;
    }
    return true;
}
