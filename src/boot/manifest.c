/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading and writing the manifest. It was written by root, yet it decides which files get which
 * text: names of copies must be plain names in the journal's own folder, paths absolute.
 */
#include "boot/manifest.h"

#include <errno.h>

#include "base/file.h"
#include "base/json-read.h"
#include "base/json-write.h"

#define VERSION 1

static const struct node_limits limits = { .bytes = 1 << 20, .nodes = 20000, .depth = 8 };

/* ---- writing ---- */

static void write_words(struct json_writer *w, const char *key, const struct strv *words)
{
    json_array(w, key);
    for (size_t i = 0; i < words->count; i++)
        json_str(w, NULL, words->items[i]);
    json_end(w);
}

static void write_commands(struct json_writer *w, const char *key, const struct boot_commands *c)
{
    json_array(w, key);
    for (size_t i = 0; i < c->count; i++) {
        json_object(w, NULL);
        write_words(w, "argv", &c->items[i].argv);
        json_end(w);
    }
    json_end(w);
}

static void write_file(struct json_writer *w, const struct journal_file *f)
{
    json_object(w, NULL);
    json_str(w, "path", f->path);
    json_str(w, "before", f->before_name);
    json_str(w, "after", f->after_name);
    json_u64(w, "mode", f->mode);
    json_u64(w, "uid", f->uid);
    json_u64(w, "gid", f->gid);
    json_end(w);
}

int manifest_write(const struct journal *j, struct buf *ret)
{
    struct json_writer w = JSON_WRITER(ret);
    json_object(&w, NULL);
    json_u64(&w, "version", VERSION);
    json_u64(&w, "serial", j->serial);
    json_bool(&w, "finished", j->finished);
    json_array(&w, "files");
    for (size_t i = 0; i < j->count; i++)
        write_file(&w, &j->files[i]);
    json_end(&w);
    write_words(&w, "made", &j->made);
    write_commands(&w, "pending", &j->pending);
    write_commands(&w, "reversal", &j->reversal);
    json_end(&w);
    buf_add_char(ret, '\n');
    return buf_ok(ret);
}

/* ---- reading ---- */

static int read_words(const struct node *list, struct strv *ret)
{
    int r = list && list->kind == NODE_LIST ? 0 : -EBADMSG;
    for (size_t i = 0; r >= 0 && i < list->count; i++)
        r = list->items[i].text ? strv_add(ret, list->items[i].text) : -EBADMSG;
    return r;
}

static int read_commands(const struct node *list, struct boot_commands *ret)
{
    int r = list && list->kind == NODE_LIST ? 0 : -EBADMSG;
    for (size_t i = 0; r >= 0 && i < list->count; i++) {
        _cleanup_strv_ struct strv argv = STRV_INIT;
        r = read_words(node_get(&list->items[i], "argv"), &argv);
        if (r >= 0)
            r = argv.count > 0 ? commands_add(ret, &argv, NULL) : -EBADMSG;
    }
    return r;
}

/* A copy, by its name; a null is no copy. */
static int read_copy(const struct journal *j, const struct node *name, char **ret_name, char **ret)
{
    if (!name || name->kind == NODE_NULL)
        return name ? 0 : -EBADMSG;
    if (!name->text || strchr(name->text, '/') || name->text[0] == '.')
        return -EBADMSG;
    *ret_name = strdup(name->text);
    if (!*ret_name)
        return -ENOMEM;
    int r = file_read_at(j->fd, name->text, TREE_FILE_LIMIT, ret, NULL);
    return r == -ENOENT || r == -EFBIG ? -EBADMSG : r;
}

static int read_number(const struct node *map, const char *key, unsigned *ret)
{
    const struct node *n = node_get(map, key);
    uint64_t value;
    if (!n || node_to_u64(n, UINT32_MAX, &value) < 0)
        return -EBADMSG;
    *ret = (unsigned)value;
    return 0;
}

static int read_file(const struct journal *j, const struct node *map, struct journal_file *f)
{
    const char *path = node_get_text(map, "path");
    if (!path || path[0] != '/')
        return -EBADMSG;
    f->path = strdup(path);
    int r = f->path ? read_number(map, "mode", &f->mode) : -ENOMEM;
    if (r >= 0)
        r = read_number(map, "uid", &f->uid);
    if (r >= 0)
        r = read_number(map, "gid", &f->gid);
    if (r >= 0)
        r = read_copy(j, node_get(map, "before"), &f->before_name, &f->before);
    return r < 0 ? r : read_copy(j, node_get(map, "after"), &f->after_name, &f->after);
}

static int read_files(struct journal *j, const struct node *list)
{
    if (!list || list->kind != NODE_LIST)
        return -EBADMSG;
    j->files = calloc(list->count + 1, sizeof(*j->files));
    if (!j->files)
        return -ENOMEM;
    int r = 0;
    for (size_t i = 0; r >= 0 && i < list->count; i++)
        r = read_file(j, &list->items[i], &j->files[j->count++]);
    return r;
}

static int read_tree(struct journal *j, const struct node *root)
{
    const struct node *serial = node_get(root, "serial"), *finished = node_get(root, "finished");
    unsigned version;
    int r = read_number(root, "version", &version);
    if (r < 0 || version != VERSION || !serial || !finished ||
        node_to_u64(serial, UINT32_MAX, &j->serial) < 0 || node_to_bool(finished, &j->finished) < 0)
        return -EBADMSG;
    r = read_files(j, node_get(root, "files"));
    if (r >= 0)
        r = read_words(node_get(root, "made"), &j->made);
    if (r >= 0)
        r = read_commands(node_get(root, "pending"), &j->pending);
    return r < 0 ? r : read_commands(node_get(root, "reversal"), &j->reversal);
}

int manifest_read(struct journal *j)
{
    _cleanup_free_ char *text = NULL;
    _cleanup_node_ struct node *root = NULL;
    size_t len;
    int r = file_read_at(j->fd, MANIFEST_NAME, limits.bytes, &text, &len);
    if (r < 0)
        return r == -EFBIG ? -EBADMSG : r;
    r = json_read(text, len, &limits, &root, NULL);
    if (r < 0)
        return r == -EINVAL ? -EBADMSG : r;
    r = read_tree(j, root);
    j->is_there = r >= 0;
    return r;
}
