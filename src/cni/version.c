/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * VERSION: the versions of the specification. A runtime asks for them before it knows anything
 * else, so nothing on stdin keeps the plugin from answering.
 */
#include "cni/version.h"

#include <errno.h>

#include "base/json-read.h"
#include "base/json-write.h"
#include "base/str.h"
#include "cni/call.h"
#include "cni/command.h"

static const char *const names[CNI_VERSION_COUNT] = {
    [CNI_0_3_0] = "0.3.0", [CNI_0_3_1] = "0.3.1", [CNI_0_4_0] = "0.4.0",
    [CNI_1_0_0] = "1.0.0", [CNI_1_1_0] = "1.1.0",
};

const char *version_name(enum cni_version v)
{
    return names[v];
}

int version_find(const char *name, enum cni_version *ret, struct cni_error *e)
{
    for (unsigned v = 0; v < CNI_VERSION_COUNT; v++) {
        if (str_eq(names[v], name)) {
            *ret = (enum cni_version)v;
            return 0;
        }
    }
    cni_fail(e, CNI_INCOMPATIBLE_VERSION, 0, "cniVersion: \"%.32s\" is not supported: %s to %s",
             name, names[0], names[CNI_VERSION_COUNT - 1]);
    return -EPROTONOSUPPORT;
}

/* The version that was asked with, if it is one of ours. */
static const char *asked_version(const struct cni_call *c)
{
    _cleanup_node_ struct node *document = NULL;
    enum cni_version v = CNI_1_1_0;
    const char *text = NULL;

    if (json_read(c->input.data ? c->input.data : "", c->input.len, &config_limits, &document,
                  NULL) == 0)
        text = node_get_text(document, "cniVersion");
    if (text)
        version_find(text, &v, NULL);
    return names[v];
}

int command_version(struct cni_call *c, struct buf *out, struct cni_error *e)
{
    struct json_writer w = JSON_WRITER(out);

    json_object(&w, NULL);
    json_str(&w, "cniVersion", asked_version(c));
    json_array(&w, "supportedVersions");
    for (size_t i = 0; i < ELEMENTS(names); i++)
        json_str(&w, NULL, names[i]);
    json_end(&w);
    json_end(&w);
    return 0;
}
