/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * docs/api.md, made of the route table. The text before the routes is about what they have in
 * common.
 */
#include <stdio.h>

#include "daemon/api.h"
#include "gen/gen.h"

static const char intro[] =
    "# The API of sriovd\n"
    "\n"
    "<!-- Made from src/daemon/api-routes.c by build/docs/gen-docs api. Do not edit. -->\n"
    "\n"
    "HTTP/1.1 with JSON, on the Unix socket `/run/sriovd/api.sock` and, if the settings name an address, over TLS. "
    "What is answered is what `sriovctl --json` prints. The same description as OpenAPI 3.1 is served at "
    "`/v1/openapi.json`.\n"
    "\n"
    "```\n"
    "curl --unix-socket /run/sriovd/api.sock http://localhost/v1/pfs\n"
    "curl --unix-socket /run/sriovd/api.sock -X PATCH -H 'Content-Type: application/json' \\\n"
    "     -d '{\"num_vfs\": 4}' 'http://localhost/v1/pfs/enp1s0?dry_run=true'\n"
    "```\n"
    "\n"
    "## Who may what\n"
    "\n"
    "On the Unix socket root and the members of the group `sriov` have role admin, everybody else read. Over TLS "
    "a token (`Authorization: Bearer TOKEN`, made by `sriovd token add NAME ROLE`) has the role it was made "
    "with. Each role may what those before it may: read looks; operate lends VFs, sets attributes of VFs, plans, "
    "and runs the doctor; admin does everything.\n"
    "\n"
    "## What takes long\n"
    "\n"
    "Changes and examinations are jobs: runs of sriovctl. A request waits for its job, for `?wait=SECONDS` at the "
    "most (30 if left out; 0: not at all), and is then answered with 202 and `{\"job\": ID}`. The job goes on, "
    "also when the client leaves, and `/v1/jobs/ID` has what it printed.\n"
    "\n"
    "A change that carries an `Idempotency-Key` can be sent again when its answer was lost: the same key with the "
    "same request gives the first answer once more, with the header `Idempotent-Replayed: true`, and changes nothing. "
    "Another request under that key is refused "
    "with 422, and one that comes before the first is answered with 409. Keys are kept for a day, at most 1024 "
    "of them, and not over a restart of the daemon.\n"
    "\n"
    "## Errors\n"
    "\n"
    "An error is one object, as of `sriovctl --json`:\n"
    "\n"
    "```\n"
    "{\"error\":{\"code\":3,\"object\":\"enp1s0\",\"message\":\"...\",\"kernel\":null,\"remedy\":\"...\",\"holders\":[...]}}\n"
    "```\n"
    "\n"
    "| Status | Code | Why |\n"
    "| --- | --- | --- |\n"
    "| 400 | 2 | the request makes no sense; unknown keys and parameters are named with the nearest known one |\n"
    "| 401 | 6 | no token, or a wrong one |\n"
    "| 403 | 6 | the role is not enough |\n"
    "| 404 | 5, 2 | no such device, transaction, job or path |\n"
    "| 405, 406, 415 | 2 | method, wanted type or sent type does not fit |\n"
    "| 409 | 3, 2 | somebody would be hurt, and is named; or the Idempotency-Key's first request still runs |\n"
    "| 413, 429 | 2, 1 | too large, too often |\n"
    "| 422 | 4, 2 | driver or kernel cannot do this; or the Idempotency-Key stands for another request |\n"
    "| 500 | 1, 7 | it failed and was put back; 7: something could not be put back |\n"
    "| 503 | 1 | too many jobs run, or the daemon is starting: try again |\n"
    "\n"
    "Every request that is refused is told in the log and in `/v1/events`.\n";

/* ---- routes ---- */

static void put_fields(struct buf *out, const char *title, const struct field *const *tables,
                       size_t n_tables)
{
    bool begun = false;

    for (size_t t = 0; t < n_tables; t++) {
        for (const struct field *f = tables[t]; f && f->name; f++) {
            if (!begun)
                buf_printf(out, "\n%s:\n\n", title);
            begun = true;
            buf_printf(out, "* `%s`: %s\n", f->name, f->help);
        }
    }
}

/* Places in a page have their titles in lower case. */
static void put_link(struct buf *out, const char *schema)
{
    buf_printf(out, "[%s](#", schema);
    for (const char *c = schema; *c; c++)
        buf_add_char(out, (char)(*c | 0x20)); /* names are ASCII letters */
    buf_add_char(out, ')');
}

static void put_body(struct buf *out, const struct route *r)
{
    if (r->body) {
        buf_add_str(out, "\nBody: ");
        put_link(out, r->body);
        buf_add_str(out, ".\n");
    } else if (r->flags & ROUTE_POLICY) {
        buf_add_str(out, "\nBody: a policy document (sriovd-policy(5)) as `application/yaml` or "
                         "`application/json`, or nothing.\n");
    }
}

static void put_answer(struct buf *out, const struct route *r)
{
    buf_printf(out, "\nAnswer: %s", r->flags & ROUTE_CREATES ? "201, " : "");
    if (r->type)
        buf_printf(out, "`%s`", r->type);
    if (r->type && r->answer)
        buf_add_str(out, " of ");
    if (r->answer)
        put_link(out, r->answer);
    if (!r->type && !r->answer)
        buf_add_str(out, "JSON");
    buf_add_str(out, ".\n");
}

static void put_route(struct buf *out, const struct route *r)
{
    const struct field *const query[] = {
        r->query,
        r->flags & ROUTE_DRY ? dry_fields : NULL,
        r->flags & ROUTE_JOB ? job_fields : NULL,
    };

    buf_printf(out, "\n### %s %s\n\n%s. Role: %s.", r->method, r->path, r->summary,
               role_name(r->role));
    if (r->details)
        buf_printf(out, " %s", r->details);
    buf_add_char(out, '\n');
    put_fields(out, "Query", query, ELEMENTS(query));
    put_body(out, r);
    put_answer(out, r);
}

/* ---- schemas ---- */

static void put_row(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "| %s | %s | %s |\n", name, type, help);
}

static void put_field(struct buf *out, const struct schema *s, const struct field *f)
{
    static const char *const types[] = {
        [FIELD_TEXT] = "string", [FIELD_NUMBER] = "integer", [FIELD_BOOL] = "boolean",
        [FIELD_OBJECT] = "",     [FIELD_MAP] = "object",
    };
    _cleanup_buf_ struct buf type = BUF_INIT;

    if (f->flags & FIELD_LIST)
        buf_add_str(&type, "list of ");
    buf_add_str(&type, types[f->type]);
    if (f->of)
        put_link(&type, f->of);
    if (f->flags & FIELD_NULL)
        buf_add_str(&type, " or null");
    if (s->is_body && (f->flags & FIELD_NEEDED))
        buf_add_str(&type, ", needed");
    put_row(out, f->name, type.data ? type.data : "", f->help);
}

static void put_attr(struct buf *out, const struct schema *s, const struct attr *row)
{
    char type[24], help[200];

    snprintf(type, sizeof(type), "%s%s",
             row->type == ATTR_BOOL     ? "boolean"
             : row->type == ATTR_NUMBER ? "integer"
                                        : "string",
             s->is_body ? "" : " or null");
    snprintf(help, sizeof(help), "%s%s%s", row->help, *row->unit ? "; " : "", row->unit);
    put_row(out, row->name, type, help);
}

static void put_schema(struct buf *out, const struct schema *s)
{
    buf_printf(out, "\n### %s\n\n%s.\n", s->name, s->help);
    if (!s->fields && !s->has_attrs)
        return;
    buf_add_str(out, "\n| Key | Type | What |\n| --- | --- | --- |\n");
    for (const struct field *f = s->fields; f && f->name; f++)
        put_field(out, s, f);
    for (unsigned id = 0; s->has_attrs && id < SRIOV_ATTR_COUNT; id++) {
        if (attr_row(id)->scope == s->scope)
            put_attr(out, s, attr_row(id));
    }
}

void gen_api(struct buf *out)
{
    buf_add_str(out, intro);
    buf_add_str(out, "\n## Routes\n\nIn a path:\n\n");
    for (const struct field *f = path_fields; f->name; f++)
        buf_printf(out, "* `{%s}`: %s\n", f->name, f->help);
    for (const struct route *r = api_routes; r->method; r++)
        put_route(out, r);
    buf_add_str(out, "\n## Bodies and answers\n");
    for (const struct schema *s = api_schemas; s->name; s++)
        put_schema(out, s);
}

/* As served at /v1/openapi.json. */
void gen_openapi(struct buf *out)
{
    openapi_write(out);
}
