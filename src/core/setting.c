/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Settings from words.
 */
#include "core/setting.h"

#include <errno.h>

#include "base/str.h"

#define KEY_SIZE 32

static int unknown_key(const char *key, enum attr_scope scope, const char *object,
                       struct sriov_error *error)
{
    const char *names[SRIOV_ATTR_COUNT + 1], *nearest;
    bool of_vf = scope == ATTR_OF_VF;

    attr_names(scope, names);
    nearest = str_nearest(key, names);
    error_set(error, SRIOV_USAGE, 0, object, "a %s has no attribute %s", of_vf ? "VF" : "PF", key);
    if (attr_find(of_vf ? ATTR_OF_PF : ATTR_OF_VF, key))
        error_remedy(error,
                     of_vf ? "%s is one of the PF: name the PF alone"
                           : "%s is one of a VF: name it, as in PF/0",
                     key);
    else if (nearest)
        error_remedy(error, "did you mean %s?", nearest);
    else
        error_remedy(error, "sriovctl help set lists them");
    return -EINVAL;
}

int setting_read(const char *text, enum attr_scope scope, struct attrs *into, const char *object,
                 struct sriov_error *error)
{
    const char *equals = strchr(text, '=');
    const struct attr *row;
    char key[KEY_SIZE];

    if (!equals || equals == text || (size_t)(equals - text) >= sizeof(key)) {
        error_set(error, SRIOV_USAGE, 0, object, "\"%.100s\" is not key=value", text);
        error_remedy(error, "write for example vlan=100");
        return -EINVAL;
    }
    snprintf(key, sizeof(key), "%.*s", (int)(equals - text), text);
    row = attr_find(scope, key);
    if (!row)
        return unknown_key(key, scope, object, error);
    if (attrs_has(into, row->id))
        return error_set(error, SRIOV_USAGE, 0, object, "%s is given twice", key);
    return attr_parse(row, equals + 1, into, object, error);
}

int setting_read_lent(const char *text, struct attrs *into, const char *object,
                      struct sriov_error *error)
{
    int r;

    r = setting_read(text, ATTR_OF_VF, into, object, error);
    if (r < 0 || !attrs_has(into, SRIOV_NAME))
        return r;
    attrs_forget(into, SRIOV_NAME);
    error_set(error, SRIOV_USAGE, 0, object, "name is no setting of a VF that is lent");
    error_remedy(error, "--as gives it a name in the namespace");
    return -EINVAL;
}
