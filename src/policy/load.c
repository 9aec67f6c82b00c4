/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Finds and reads policy files. YAML and JSON go through the same reader (JSON is YAML), so that
 * errors in both name their line.
 */
#include "policy/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"
#include "base/yaml-read.h"

#define WHERE_SIZE 256

bool policy_is_file_name(const char *name)
{
    static const char *const endings[] = { ".yaml", ".yml", ".json" };
    size_t len = strlen(name);
    if (name[0] == '.')
        return false;
    for (size_t i = 0; i < ELEMENTS(endings); i++) {
        size_t ending = strlen(endings[i]);
        if (len > ending && str_eq(name + len - ending, endings[i]))
            return true;
    }
    return false;
}

static int cannot_read(const char *path, int r, struct sriov_error *error)
{
    if (r == -EFBIG)
        return error_set(error, SRIOV_USAGE, 0, path, "is larger than a policy may be (1 MiB)");
    error_set(error, r == -EACCES ? SRIOV_NOT_PERMITTED : SRIOV_USAGE, -r, path,
              "cannot read the policy");
    if (r == -ENOENT)
        error_remedy(error, "write one there (man sriovd-policy), or name another with -f");
    return r;
}

static int no_policy_in(const char *path, struct sriov_error *error)
{
    int r = error_set(error, SRIOV_USAGE, 0, path, "no policy in it");
    error_remedy(error, "man sriovd-policy has an example");
    return r;
}

static int read_documents(const char *path, const char *text, size_t len, struct node **ret,
                          struct sriov_error *error)
{
    static const struct node_limits limits = {
        .bytes = POLICY_BYTES,
        .nodes = POLICY_NODES,
        .depth = POLICY_DEPTH,
    };
    struct node_error wrong = { 0 };
    char where[WHERE_SIZE];
    int r = yaml_read(text, len, &limits, ret, &wrong);
    if (r == -ENOMEM)
        return error_no_memory(error);
    if (r >= 0)
        return 0;
    if (wrong.line > 0)
        snprintf(where, sizeof(where), "%s:%u", path, wrong.line);
    else
        STR_SET(where, path);
    return error_set(error, SRIOV_USAGE, 0, where, "%s", wrong.text);
}

int policy_load_text(const char *name, const char *text, size_t len, struct desired *ret,
                     struct sriov_error *error)
{
    _cleanup_node_ struct node *documents = NULL;
    size_t count = 0;
    int r = read_documents(name, text, len, &documents, error);
    for (size_t i = 0; r >= 0 && i < documents->count; i++) {
        const struct node *document = &documents->items[i];
        if (document->kind == NODE_NULL)
            continue;
        r = desired_add(ret, document, name, error);
        count++;
    }
    if (r < 0)
        return r;
    return count == 0 ? no_policy_in(name, error) : 0;
}

static int load_file(const char *path, struct desired *ret, struct sriov_error *error)
{
    _cleanup_free_ char *text = NULL;
    size_t len;
    int r = file_read_at(AT_FDCWD, path, POLICY_BYTES, &text, &len);
    return r < 0 ? cannot_read(path, r, error) : policy_load_text(path, text, len, ret, error);
}

bool policy_folder_has_any(const char *path)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    bool any = false;
    if (file_list_at(AT_FDCWD, path, &names) < 0)
        return false;
    for (size_t i = 0; i < names.count; i++)
        any |= policy_is_file_name(names.items[i]);
    return any;
}

static int load_folder(const char *path, const struct strv *names, struct desired *ret,
                       struct sriov_error *error)
{
    size_t count = 0;
    for (size_t i = 0; i < names->count; i++) {
        _cleanup_free_ char *file = NULL;
        if (!policy_is_file_name(names->items[i]))
            continue;
        if (asprintf(&file, "%s/%s", path, names->items[i]) < 0)
            return error_no_memory(error);
        int r = load_file(file, ret, error);
        if (r < 0)
            return r;
        count++;
    }
    if (count > 0)
        return 0;
    int r = error_set(error, SRIOV_USAGE, 0, path, "no policy files in it");
    error_remedy(error, "write one (man sriovd-policy), or name another file or folder with -f");
    return r;
}

int policy_load(const char *path, struct desired *ret, struct sriov_error *error)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    int r = file_list_at(AT_FDCWD, path, &names);
    if (r == -ENOTDIR)
        return load_file(path, ret, error);
    if (r < 0)
        return cannot_read(path, r, error);
    return load_folder(path, &names, ret, error);
}
