/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An error as JSON.
 */
#include "core/error-json.h"

static void text_or_null(struct json_writer *w, const char *key, const char *text)
{
    json_str(w, key, *text ? text : NULL);
}

void error_json(const struct sriov_error *e, const struct holders *holders, struct json_writer *w)
{
    json_object(w, NULL);
    json_object(w, "error");
    json_u64(w, "code", e->code);
    text_or_null(w, "object", e->object);
    json_str(w, "message", e->message);
    text_or_null(w, "kernel", e->kernel);
    text_or_null(w, "remedy", e->remedy);
    json_array(w, "holders");
    for (size_t i = 0; holders && i < holders->count; i++)
        holder_json(&holders->items[i], w);
    json_end(w);
    json_end(w);
    json_end(w);
}
