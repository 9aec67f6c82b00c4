/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The file is the boot's id on the first line, and "PF MAC" on each that follows: the kernel
 * forgets the tables with the boot. It is replaced by rename; a power cut takes the entries with
 * it, so nothing is synced.
 */
#include "daemon/fdb-marks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mac.h"
#include "kernel/host.h"

#define FILE_NAME "fdb-sync"
#define FILE_LIMIT (8u << 20)

void fdb_marks_done(struct fdb_marks *m)
{
    free(m->items);
    *m = (struct fdb_marks){ 0 };
}

static size_t find(const struct fdb_marks *m, const char *pf, uint64_t mac)
{
    size_t i = 0;

    while (i < m->count && (m->items[i].mac != mac || !str_eq(m->items[i].pf, pf)))
        i++;
    return i;
}

bool fdb_marks_has(const struct fdb_marks *m, const char *pf, uint64_t mac)
{
    return find(m, pf, mac) < m->count;
}

int fdb_marks_add(struct fdb_marks *m, const char *pf, uint64_t mac)
{
    struct fdb_mark *items;

    if (fdb_marks_has(m, pf, mac))
        return 0;
    items = reallocarray(m->items, m->count + 1, sizeof(*items));
    if (!items)
        return -ENOMEM;
    m->items = items;
    items[m->count] = (struct fdb_mark){ .mac = mac };
    STR_SET(items[m->count++].pf, pf);
    return 0;
}

void fdb_marks_remove(struct fdb_marks *m, const char *pf, uint64_t mac)
{
    size_t i = find(m, pf, mac);

    if (i < m->count)
        m->items[i] = m->items[--m->count];
}

/* ---- the file ---- */

void fdb_marks_format(const struct fdb_marks *m, const char *boot, struct buf *ret)
{
    char mac[MAC_TEXT_SIZE];

    buf_printf(ret, "%s\n", boot);
    for (size_t i = 0; i < m->count; i++) {
        mac_to_text(m->items[i].mac, mac);
        buf_printf(ret, "%s %s\n", m->items[i].pf, mac);
    }
}

static int parse_line(char *line, struct fdb_marks *ret)
{
    char *space = strchr(line, ' ');
    uint64_t mac;

    if (!space || space == line || space - line >= (ptrdiff_t)sizeof(ret->items->pf) ||
        mac_from_text(space + 1, &mac) < 0)
        return -EINVAL;
    *space = '\0';
    return fdb_marks_add(ret, line, mac);
}

int fdb_marks_parse(char *text, const char *boot, struct fdb_marks *ret)
{
    struct fdb_marks marks = { 0 };
    char *rest = text, *line = strsep(&rest, "\n");
    bool of_this_boot = str_eq(line, boot);
    int r = 0;

    while (r >= 0 && of_this_boot && rest) {
        line = strsep(&rest, "\n");
        if (*line)
            r = parse_line(line, &marks);
    }
    if (r < 0)
        fdb_marks_done(&marks);
    else
        *ret = marks;
    return r;
}

static bool make_path(const char *state_dir, const char *ending, char ret[PATH_MAX])
{
    int n = snprintf(ret, PATH_MAX, "%s/" FILE_NAME "%s", state_dir, ending);

    return n > 0 && n < PATH_MAX;
}

int fdb_marks_load(const char *state_dir, struct fdb_marks *ret)
{
    _cleanup_free_ char *text = NULL;
    char path[PATH_MAX], boot[HOST_BOOT_ID_SIZE];
    int r;

    if (!make_path(state_dir, "", path))
        return -ENAMETOOLONG;
    r = file_read_at(AT_FDCWD, path, FILE_LIMIT, &text, NULL);
    if (r == -ENOENT) {
        *ret = (struct fdb_marks){ 0 };
        return 0;
    }
    if (r >= 0)
        r = host_boot_id(boot);
    return r < 0 ? r : fdb_marks_parse(text, boot, ret);
}

static int write_file(const char *path, const struct buf *text)
{
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                                  0600);

    if (fd < 0)
        return -errno;
    return file_write_all(fd, text->data, text->len);
}

int fdb_marks_save(const char *state_dir, const struct fdb_marks *m)
{
    char path[PATH_MAX], temporary[PATH_MAX], boot[HOST_BOOT_ID_SIZE];
    _cleanup_buf_ struct buf text = BUF_INIT;
    int r;

    if (!make_path(state_dir, "", path) || !make_path(state_dir, ".new", temporary))
        return -ENAMETOOLONG;
    if (m->count == 0)
        return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
    r = host_boot_id(boot);
    if (r < 0)
        return r;
    fdb_marks_format(m, boot, &text);
    r = buf_ok(&text);
    if (r >= 0)
        r = write_file(temporary, &text);
    if (r >= 0 && rename(temporary, path) < 0)
        r = -errno;
    return r;
}
