/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The route table as an OpenAPI 3.1 document.
 */
#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "daemon/api.h"

#define REF_SIZE 80

/* ---- schemas ---- */

static void put_ref(struct json_writer *w, const char *key, const char *schema)
{
    char ref[REF_SIZE];

    snprintf(ref, sizeof(ref), "#/components/schemas/%s", schema);
    json_object(w, key);
    json_str(w, "$ref", ref);
    json_end(w);
}

static const char *type_of(enum field_type type)
{
    static const char *const names[] = {
        [FIELD_TEXT] = "string",   [FIELD_NUMBER] = "integer", [FIELD_BOOL] = "boolean",
        [FIELD_OBJECT] = "object", [FIELD_MAP] = "object",
    };

    return names[type];
}

/* "type": "string", or with null among it. */
static void put_type(struct json_writer *w, const char *type, bool or_null)
{
    if (!or_null) {
        json_str(w, "type", type);
        return;
    }
    json_array(w, "type");
    json_str(w, NULL, type);
    json_str(w, NULL, "null");
    json_end(w);
}

static void put_ref_or_null(struct json_writer *w, const char *schema)
{
    json_array(w, "anyOf");
    put_ref(w, NULL, schema);
    json_object(w, NULL);
    json_str(w, "type", "null");
    json_end(w);
    json_end(w);
}

/* What a value looks like, into an open object. */
static void put_value(struct json_writer *w, const struct field *f)
{
    bool or_null = f->flags & FIELD_NULL;

    if (f->type != FIELD_OBJECT) {
        put_type(w, type_of(f->type), or_null);
    } else if (or_null) {
        put_ref_or_null(w, f->of);
    } else {
        char ref[REF_SIZE];
        snprintf(ref, sizeof(ref), "#/components/schemas/%s", f->of);
        json_str(w, "$ref", ref);
    }
}

static void put_field(struct json_writer *w, const struct field *f)
{
    json_object(w, f->name);
    json_str(w, "description", f->help);
    if (f->flags & FIELD_LIST) {
        json_str(w, "type", "array");
        json_object(w, "items");
        put_value(w, f);
        json_end(w);
    } else {
        put_value(w, f);
    }
    json_end(w);
}

static const char *type_of_attr(const struct attr *row)
{
    return row->type == ATTR_BOOL ? "boolean" : row->type == ATTR_NUMBER ? "integer" : "string";
}

/* What may be sent; what is answered is within it or null. */
static void put_limits(struct json_writer *w, const struct attr *row)
{
    if (row->type == ATTR_NUMBER) {
        json_u64(w, "minimum", row->min);
        json_u64(w, "maximum", row->max);
    } else if (row->type == ATTR_TEXT) {
        json_u64(w, "minLength", row->min);
        json_u64(w, "maxLength", row->max);
    } else if (row->type == ATTR_WORD) {
        json_array(w, "enum");
        for (const struct attr_word *word = row->words; word->word; word++)
            json_str(w, NULL, word->word);
        json_end(w);
    }
}

static void put_attr(struct json_writer *w, const struct attr *row, bool is_body)
{
    char help[200];

    snprintf(help, sizeof(help), "%s%s%s", row->help, *row->unit ? "; " : "", row->unit);
    json_object(w, row->name);
    json_str(w, "description", help);
    put_type(w, type_of_attr(row), !is_body);
    if (is_body)
        put_limits(w, row);
    json_end(w);
}

static bool is_needed(const struct schema *s, const struct field *f)
{
    return s->is_body ? f->flags & FIELD_NEEDED : !(f->flags & FIELD_SOME);
}

/* The keys that are always there; the first of all opens the list. */
static void put_required(struct json_writer *w, const struct schema *s)
{
    json_array(w, "required");
    for (const struct field *f = s->fields; f && f->name; f++) {
        if (is_needed(s, f))
            json_str(w, NULL, f->name);
    }
    for (unsigned id = 0; s->has_attrs && !s->is_body && id < SRIOV_ATTR_COUNT; id++) {
        if (attr_row(id)->scope == s->scope)
            json_str(w, NULL, attr_row(id)->name);
    }
    json_end(w);
}

static void put_schema(struct json_writer *w, const struct schema *s)
{
    json_object(w, s->name);
    json_str(w, "description", s->help);
    json_str(w, "type", "object");
    json_object(w, "properties");
    for (const struct field *f = s->fields; f && f->name; f++)
        put_field(w, f);
    for (unsigned id = 0; s->has_attrs && id < SRIOV_ATTR_COUNT; id++) {
        if (attr_row(id)->scope == s->scope)
            put_attr(w, attr_row(id), s->is_body);
    }
    json_end(w);
    put_required(w, s);
    if (s->is_body)
        json_bool(w, "additionalProperties", false);
    if (s->is_open)
        json_bool(w, "x-open", true);
    json_end(w);
}

/* ---- routes ---- */

static void put_parameter(struct json_writer *w, const struct field *f, const char *in)
{
    json_object(w, NULL);
    json_str(w, "name", f->name);
    json_str(w, "in", in);
    json_bool(w, "required", str_eq(in, "path"));
    json_str(w, "description", f->help);
    json_object(w, "schema");
    json_str(w, "type", type_of(f->type));
    json_end(w);
    json_end(w);
}

static void put_parameters(struct json_writer *w, const struct field *fields, const char *in)
{
    for (const struct field *f = fields; f && f->name; f++)
        put_parameter(w, f, in);
}

static void put_path_parameters(struct json_writer *w, const char *path)
{
    char name[40];

    for (const struct field *f = path_fields; f->name; f++) {
        snprintf(name, sizeof(name), "{%s}", f->name);
        if (strstr(path, name))
            put_parameter(w, f, "path");
    }
}

static void put_all_parameters(struct json_writer *w, const struct route *r)
{
    static const struct field key = {
        "Idempotency-Key",
        FIELD_TEXT,
        .help = "a repeated request with the same key is not done again, but answered as the first",
    };
    static const struct field last = {
        "Last-Event-ID",
        FIELD_NUMBER,
        .help = "begin with the record after this one",
    };

    json_array(w, "parameters");
    put_path_parameters(w, r->path);
    put_parameters(w, r->query, "query");
    if (r->flags & ROUTE_DRY)
        put_parameters(w, dry_fields, "query");
    if (r->flags & ROUTE_JOB)
        put_parameters(w, job_fields, "query");
    if (r->flags & ROUTE_WRITES)
        put_parameter(w, &key, "header");
    if (r->type && str_eq(r->type, "text/event-stream"))
        put_parameter(w, &last, "header");
    json_end(w);
}

static bool is_json(const char *type)
{
    return str_eq(type, "application/json");
}

/* What is no JSON, but has JSON in it, says so in a word of our own. */
static void put_content(struct json_writer *w, const char *type, const char *schema)
{
    json_object(w, type);
    if (schema)
        put_ref(w, is_json(type) ? "schema" : "x-data", schema);
    json_end(w);
}

static void put_body(struct json_writer *w, const struct route *r)
{
    if (!r->body && !(r->flags & ROUTE_POLICY))
        return;
    json_object(w, "requestBody");
    json_bool(w, "required", r->body);
    json_object(w, "content");
    put_content(w, "application/json", r->body);
    if (r->flags & ROUTE_POLICY)
        put_content(w, "application/yaml", NULL);
    json_end(w);
    json_end(w);
}

static void put_answer(struct json_writer *w, const char *status, const char *help,
                       const char *type, const char *schema)
{
    json_object(w, status);
    json_str(w, "description", help);
    json_object(w, "content");
    put_content(w, type, schema);
    json_end(w);
    json_end(w);
}

static void put_answers(struct json_writer *w, const struct route *r)
{
    json_object(w, "responses");
    put_answer(w, r->flags & ROUTE_CREATES ? "201" : "200", r->summary,
               r->type ? r->type : "application/json", r->answer);
    if (r->flags & ROUTE_JOB)
        put_answer(w, "202", "It takes longer: ask for the job", "application/json", "Started");
    put_answer(w, "default", "It failed or was refused", "application/json", "Error");
    json_end(w);
}

static void put_security(struct json_writer *w, const struct route *r)
{
    json_array(w, "security");
    json_object(w, NULL);
    if (r->role != ROLE_NONE) {
        json_array(w, "token");
        json_end(w);
    }
    json_end(w);
    json_end(w);
}

static void put_route(struct json_writer *w, const struct route *r)
{
    char method[12], details[700];

    STR_SET(method, r->method);
    for (char *c = method; *c; c++)
        *c |= 0x20; /* lower case: methods are ASCII letters */
    snprintf(details, sizeof(details), "%s%sRole: %s.", r->details ? r->details : "",
             r->details ? " " : "", role_name(r->role));
    json_object(w, method);
    json_str(w, "operationId", r->name);
    json_str(w, "summary", r->summary);
    json_str(w, "description", details);
    json_str(w, "x-role", role_name(r->role));
    put_all_parameters(w, r);
    put_body(w, r);
    put_answers(w, r);
    put_security(w, r);
    json_end(w);
}

static bool is_first_of_path(const struct route *r)
{
    for (const struct route *other = api_routes; other < r; other++) {
        if (str_eq(other->path, r->path))
            return false;
    }
    return true;
}

static void put_paths(struct json_writer *w)
{
    json_object(w, "paths");
    for (const struct route *r = api_routes; r->method; r++) {
        if (!is_first_of_path(r))
            continue;
        json_object(w, r->path);
        for (const struct route *same = r; same->method; same++) {
            if (str_eq(same->path, r->path))
                put_route(w, same);
        }
        json_end(w);
    }
    json_end(w);
}

/* ---- the document ---- */

static void put_info(struct json_writer *w)
{
    json_object(w, "info");
    json_str(w, "title", "sriovd");
    json_str(w, "version", SRIOV_VERSION);
    json_str(
        w, "description",
        "SR-IOV of this host. On the Unix socket the kernel says who asks; over TLS a bearer token does.");
    json_object(w, "license");
    json_str(w, "name", "LGPL-2.1-or-later");
    json_str(w, "identifier", "LGPL-2.1-or-later");
    json_end(w);
    json_end(w);
}

static void put_components(struct json_writer *w)
{
    json_object(w, "components");
    json_object(w, "schemas");
    for (const struct schema *s = api_schemas; s->name; s++)
        put_schema(w, s);
    json_end(w);
    json_object(w, "securitySchemes");
    json_object(w, "token");
    json_str(w, "type", "http");
    json_str(w, "scheme", "bearer");
    json_end(w);
    json_end(w);
    json_end(w);
}

int openapi_write(struct buf *ret)
{
    struct json_writer w = JSON_WRITER(ret);

    json_object(&w, NULL);
    json_str(&w, "openapi", "3.1.0");
    put_info(&w);
    put_paths(&w);
    put_components(&w);
    json_end(&w);
    buf_add_char(ret, '\n');
    return buf_ok(ret);
}
