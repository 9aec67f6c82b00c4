/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tokens of those who come over TCP: a file with a line "NAME ROLE SALT HASH [EXPIRES]" for each,
 * of root and closed to everybody else. Only a salted hash is kept; the token itself is shown once,
 * when it is made.
 */
#ifndef DAEMON_TOKEN_H
#define DAEMON_TOKEN_H

#include <stdint.h>

#include "core/error.h"
#include "daemon/auth.h"

#define TOKEN_NAME_SIZE 49 /* letters, digits, '.', '_', '-' */
#define TOKEN_TEXT_SIZE 64 /* "sriov_" and 43 characters of base64url */
#define TOKEN_SALT 16
#define TOKEN_HASH 32 /* SHA-256 of salt and text */

struct token {
    char name[TOKEN_NAME_SIZE];
    enum role role;
    uint8_t salt[TOKEN_SALT];
    uint8_t hash[TOKEN_HASH];
    int64_t expires; /* Unix time; 0: never */
};

struct tokens {
    struct token *items;
    size_t count;
};

void tokens_done(struct tokens *t);
#define _cleanup_tokens_ _cleanup_(tokens_done)

/* What a name may be made of, 1 to 48 characters. */
bool token_name_is_good(const char *name);

/* No file is no tokens. Refused (code not permitted) if others than its owner can read or write it,
 * or its owner is neither root nor this process' user; -EINVAL (code usage) names the line that is
 * wrong. */
int tokens_read(const char *path, struct tokens *ret, struct sriov_error *error);

/* The one that this text is, NULL if none is; those expired at `now` are none. The time it takes
 * does not depend on how much of it is right. */
const struct token *tokens_find(const struct tokens *t, const char *text, int64_t now);

/* Makes a token, adds its line and gives its text. -EEXIST (code usage) if there is one of that
 * name. `expires` as in struct token. */
int token_add(const char *path, const char *name, enum role role, int64_t expires,
              char ret[TOKEN_TEXT_SIZE], struct sriov_error *error);

/* -ENOENT (code usage) if there is none of that name. */
int token_remove(const char *path, const char *name, struct sriov_error *error);

/* `sriovd token [--config FILE] add NAME ROLE [DAYS] | list | remove NAME`; argv[0] is "token".
 * Returns the exit status. */
int token_main(int argc, char **argv);

#endif
