/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One request on its way through the API, and what the functions of the route table answer it with.
 * Path, query and body have been checked against the table, and the role is sufficient, before such
 * a function runs. A call ends with its answer, or when its peer leaves.
 */
#ifndef DAEMON_API_CALL_H
#define DAEMON_API_CALL_H

#include "daemon/api.h"
#include "daemon/daemon.h"

struct key;
struct keys;
struct streams;
struct work;
struct works;

struct api {
    struct daemon *daemon;
    struct auth *auth;
    struct works *works;
    struct keys *keys;
    struct streams *streams;
};

struct call {
    struct api *api;
    struct http_request *request;
    struct route_match at;
    enum role role;
    char who[AUTH_WHO_SIZE];
    struct node *body;       /* NULL: none */
    struct key *key;         /* of an Idempotency-Key; NULL: none */
    struct work *work;       /* waits for this one */
    struct call *next;       /* waits for it as well */
    struct source *patience; /* how long */
};

/* ---- what was asked ---- */

const char *call_query(const struct call *c, const char *name); /* NULL: not given, or empty */
bool call_flag(const struct call *c, const char *name);
uint64_t call_number(const struct call *c, const char *name, uint64_t otherwise);

/* ---- answers: the call is gone afterwards ---- */

/* With the status of a success, or of `error`. */
void call_answer_json(struct call *c, const struct buf *json);
void call_answer_error(struct call *c, int r, const struct sriov_error *error);
/* What is refused before the engine is asked; `remedy` may be NULL. */
void call_refuse(struct call *c, unsigned status, const char *message, const char *remedy);
/* Any other; the headers that every answer has are added. */
void call_answer(struct call *c, const struct http_answer *answer);

/* Frees a call whose request is gone or has become another's. */
void call_free(struct call *c);

/* The HTTP status of an error: by its code, but 404 for -ENOENT and 503 for -EAGAIN. */
unsigned status_of_error(int r, enum sriov_code code);

/* {"error":…}, the call's own or that of somebody whose call never came to be. */
void refusal_json(enum sriov_code code, const char *object, const char *message, const char *remedy,
                  struct buf *ret);

/* ---- jobs (api-work.c) ---- */

/* A run of sriovctl. Options are added with command_option, words with command_word; they are put
 * behind "--", so that no word can be taken for an option. */
struct command {
    const char *verb;
    struct strv options, words;
    const char *input; /* its stdin; NULL: none. Must live until the work is started */
    size_t input_len;
    bool is_text;   /* answered as {"status","out","err"}, whatever the status */
    bool changes;   /* the machine may be another one afterwards */
    enum role role; /* who may see what it printed; ROLE_NONE: as the route says */
    int r;          /* -ENOMEM once something did not fit */
};

void command_done(struct command *c);
void command_option(struct command *c, const char *option); /* "--force" */
void command_value(struct command *c, const char *option,
                   const char *value); /* "--owner", "web1" */
void command_word(struct command *c, const char *format, ...) _printf_(2, 3);

/* Starts it, or joins an equal one of a route that changes nothing, and answers the call when it
 * has ended, or with 202 when that takes longer than ?wait says. */
int call_run(struct call *c, const struct command *command, struct sriov_error *error);

/* The call is not to be answered any more by its work. */
void work_leave(struct call *c);

int works_new(struct api *a, struct works **ret);
struct works *works_free(struct works *w);

/* ---- idempotency keys (api-key.c) ---- */

int keys_new(struct keys **ret);
struct keys *keys_free(struct keys *k);

enum key_state {
    KEY_NEW,      /* it is the caller's to answer or drop */
    KEY_ANSWERED, /* the answer of before is in *ret_status and *ret_body */
    KEY_RUNS,     /* the first request is not answered yet */
    KEY_OTHER,    /* it stands for another request */
};

/* `request` is what must be equal: method, path, query, body. 0 or -ENOMEM. */
int key_find(struct keys *k, const char *who, const char *text, uint64_t request, int64_t now,
             struct key **ret, enum key_state *ret_state);
unsigned key_status(const struct key *k);
const struct buf *key_body(const struct key *k);
void key_answer(struct keys *all, struct key *k, unsigned status, const struct buf *body);
void key_drop(struct keys *all, struct key *k);

/* ---- other files ---- */

int streams_new(struct api *a, struct streams **ret); /* api-events.c */
struct streams *streams_free(struct streams *s);

bool file_answer(struct call *c); /* api-file.c: a file of the console; false: no such file */

/* Tells the feed that a request was turned away. */
void refusal_tell(struct daemon *d, const char *who, const char *method, const char *path,
                  const char *object, const char *message, unsigned status);

#endif
