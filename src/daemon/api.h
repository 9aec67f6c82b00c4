/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The HTTP API: one table of routes (api-routes.c). From a row come the check of path, query and
 * body, the role that is asked for, the page docs/api.md and the OpenAPI document; a new route is a
 * row there and a function that answers. What bodies and answers look like is told by the schemas
 * (api-schema.c); the JSON is that of sriovctl.
 */
#ifndef DAEMON_API_H
#define DAEMON_API_H

#include "base/json-write.h"
#include "base/node.h"
#include "core/attr.h"
#include "daemon/auth.h"
#include "daemon/look.h"

enum field_type {
    FIELD_TEXT,
    FIELD_NUMBER, /* an integer */
    FIELD_BOOL,
    FIELD_OBJECT, /* of the schema `of` */
    FIELD_MAP,    /* an object with keys of the caller's choice and scalar values */
};

enum field_flags {
    FIELD_NEEDED = 1 << 0, /* of a body: without it the request is refused */
    FIELD_NULL = 1 << 1,   /* of an answer: null where it is not known, or there is none */
    FIELD_LIST = 1 << 2,   /* a list of such */
    FIELD_SOME = 1 << 3,   /* of an answer: not always there */
};

/* A parameter of a path or query, a key of a body, a key of an answer. */
struct field {
    const char *name; /* NULL ends a table */
    enum field_type type;
    unsigned flags;   /* enum field_flags */
    const char *of;   /* FIELD_OBJECT: name of the schema */
    const char *help; /* one clause without a full stop */
};

/* An object that is sent or answered. Its keys are `fields`, and with `has_attrs` also the
 * attributes of `scope` (core/attr.h): of an answer all of them, null where not known; of a body
 * those that are to be set. */
struct schema {
    const char *name; /* NULL ends the table */
    const char *help;
    const struct field *fields; /* NULL: none */
    bool has_attrs;
    enum attr_scope scope;
    bool is_body;
    bool is_open; /* an answer that may have other keys, too */
};

struct call;

enum route_flags {
    ROUTE_WRITES = 1 << 0,  /* changes something: takes an Idempotency-Key */
    ROUTE_JOB = 1 << 1,     /* done by a job: takes ?wait, and may answer 202 */
    ROUTE_POLICY = 1 << 2,  /* the body is a policy document, as JSON or YAML, or empty */
    ROUTE_CREATES = 1 << 3, /* success is 201 */
    ROUTE_DRY = 1 << 4,     /* takes ?dry_run and ?force; a dry run asks for no more than operate */
};

struct route {
    const char *method;
    const char *path; /* "/v1/pfs/{pf}/vfs/{vf}"; what {} stand for: path_fields */
    enum role role;
    unsigned flags;            /* enum route_flags */
    const char *name;          /* operationId: "changeVf" */
    const char *summary;       /* one line without a full stop */
    const char *details;       /* sentences; NULL: none */
    const struct field *query; /* beside those of the flags; NULL: none */
    const char *body;          /* schema of the body; NULL: none, or a policy */
    const char *answer;        /* schema of the answer; NULL: it is no JSON, or of no fixed form */
    const char *type;          /* media type of an answer that is no JSON; else NULL */
    /* One of the two. `json` writes the answer from a fresh look; `run` sees to it that the call is
     * answered, now or later (api-call.h). -errno with `error` filled: that is answered. */
    int (*json)(struct call *c, const struct look *look, struct json_writer *w,
                struct sriov_error *error);
    int (*run)(struct call *c, struct sriov_error *error);
};

extern const struct route api_routes[];   /* ends with method NULL */
extern const struct schema api_schemas[]; /* ends with name NULL */
extern const struct field path_fields[], job_fields[], dry_fields[];

const struct schema *schema_find(const char *name); /* NULL if there is none */

/* ---- finding a route ---- */

#define ROUTE_WORDS 2
#define ROUTE_WORD_SIZE 128
#define ROUTE_METHODS_SIZE 64

struct route_match {
    const struct route *route;
    char words[ROUTE_WORDS][ROUTE_WORD_SIZE]; /* what stands in place of the {} */
    char methods[ROUTE_METHODS_SIZE];         /* those that the path takes: "GET, PATCH" */
};

/* -ENOENT: no such path; -EPERM: not with this method (then `methods` is filled); -ENAMETOOLONG: a
 * word of the path is too long. */
int route_find(const char *method, const char *path, struct route_match *ret);

/* ---- checking what was sent ---- */

/* One parameter of a query; -EINVAL (code usage) names it and the nearest known one. */
int query_check(const struct route *route, const char *key, const char *value,
                struct sriov_error *error);

/* A body against its schema (NULL: none is wanted). -EINVAL as above. */
int body_check(const struct schema *schema, const struct node *body, struct sriov_error *error);

/* The names of a table and of the attributes of a schema, NULL-terminated, for str_nearest. */
#define FIELD_NAMES 48
void field_names(const struct field *fields, const char *ret[FIELD_NAMES]);

/* OpenAPI 3.1 of the tables, as JSON. 0 or -ENOMEM. */
int openapi_write(struct buf *ret);

#endif
