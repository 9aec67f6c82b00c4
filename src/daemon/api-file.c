/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The files of the console. They hold no secrets and are served to everybody; what they show is
 * asked for with the visitor's own rights.
 */
#include "daemon/api-call.h"
#include "daemon/web.h"

/* Nothing is loaded from elsewhere, and no other page may show ours in a frame. */
static const char policy[] = "default-src 'self'; object-src 'none'; base-uri 'none'; "
                             "form-action 'none'; frame-ancestors 'none'";

static const struct web_file *find_file(const char *path)
{
    for (const struct web_file *f = web_files; f->path; f++) {
        if (str_eq(f->path, path))
            return f;
    }
    return NULL;
}

/* "W/"a", "b"": is the file's tag one of those? */
static bool has_tag(const char *header, const char *etag)
{
    return header && (strstr(header, etag) || str_eq(header, "*"));
}

bool file_answer(struct call *c)
{
    const struct web_file *f = find_file(http_path(c->request));
    bool is_known;

    if (!f || !str_eq(http_method(c->request), "GET"))
        return false;
    is_known = has_tag(http_header(c->request, "If-None-Match"), f->etag);
    call_answer(c, &(struct http_answer){
                       .status = is_known ? 304 : 200,
                       .type = is_known ? NULL : f->type,
                       .body = is_known ? NULL : f->data,
                       .len = is_known ? 0 : f->len,
                       .body_is_static = true,
                       .headers =
                           (const char *const[]){
                               "ETag",
                               f->etag,
                               "Cache-Control",
                               "no-cache",
                               "Content-Security-Policy",
                               policy,
                               "Referrer-Policy",
                               "no-referrer",
                               NULL,
                           },
                   });
    return true;
}
