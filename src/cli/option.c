/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The option parser. getopt_long is not used: it takes prefixes of names, keeps hidden state, and
 * prints by itself, each of which this program does not want.
 */
#include "cli/option.h"

#include <errno.h>

#include "base/str.h"

#define NAMES_MAX 32

static const char *const colours[] = { "auto", "always", "never", NULL };

const struct option_row global_options[] = {
    { "json", 'j', OPTION_FLAG, OPTION(json), .help = "print JSON, errors too" },
    { "replay", 0, OPTION_TEXT, OPTION(replay), "FILE", .here = true,
      .help = "answer from a file made by sriovctl capture instead of this machine" },
    { "sysfs-root", 0, OPTION_TEXT, OPTION(sysfs_root), "DIR", .here = true,
      .help = "put DIR before every path of sysfs and proc" },
    { "state-dir", 0, OPTION_TEXT, OPTION(state_dir), "DIR", .here = true,
      .help = "where the ledger is, instead of /var/lib/sriovd" },
    { "host", 0, OPTION_TEXT, OPTION(host), "ADDRESS", .here = true,
      .help = "ask the daemon there: unix:/run/sriovd/api.sock, https://HOST:8443" },
    { "token-file", 0, OPTION_TEXT, OPTION(token_file), "FILE", .here = true,
      .help = "for --host: the token, instead of SRIOV_TOKEN and ~/.config/sriovd/token" },
    { "ca", 0, OPTION_TEXT, OPTION(ca), "FILE", .here = true,
      .help = "for --host: who may have signed its certificate, instead of the system's list" },
    { "insecure", 0, OPTION_FLAG, OPTION(insecure), .here = true,
      .help = "for --host: do not check its certificate" },
    { "colour", 0, OPTION_CHOICE, OPTION(colour), "auto|always|never", colours,
      .help = "colours; auto: on a terminal" },
    { "quiet", 'q', OPTION_FLAG, OPTION(quiet),
      .help = "print errors only, and what was asked for" },
    { "yes", 'y', OPTION_FLAG, OPTION(yes),
      .help = "do it although it may be a slip, where a verb would refuse" },
    { "help", 'h', OPTION_FLAG, OPTION(help), .help = "explain the program, or the verb" },
    { "version", 'V', OPTION_FLAG, OPTION(version), .help = "print the version" },
    { NULL },
};

static const struct option_row *find_name(const struct option_parser *p, const char *name,
                                          size_t len)
{
    for (size_t t = 0; t < ELEMENTS(p->tables); t++) {
        for (const struct option_row *row = p->tables[t]; row && row->name; row++) {
            if (strlen(row->name) == len && strncmp(row->name, name, len) == 0)
                return row;
        }
    }
    return NULL;
}

static const struct option_row *find_letter(const struct option_parser *p, char letter)
{
    for (size_t t = 0; t < ELEMENTS(p->tables); t++) {
        for (const struct option_row *row = p->tables[t]; row && row->name; row++) {
            if (row->letter == letter)
                return row;
        }
    }
    return NULL;
}

static int unknown(const struct option_parser *p, const char *word, struct sriov_error *error)
{
    const char *names[NAMES_MAX + 1];
    size_t n = 0;
    for (size_t t = 0; t < ELEMENTS(p->tables); t++) {
        for (const struct option_row *row = p->tables[t]; row && row->name && n < NAMES_MAX; row++)
            names[n++] = row->name;
    }
    names[n] = NULL;
    int r = error_set(error, SRIOV_USAGE, 0, word, "unknown option");
    const char *nearest = str_starts(word, "--") ? str_nearest(word + 2, names) : NULL;
    if (nearest)
        error_remedy(error, "did you mean --%s?", nearest);
    else
        error_remedy(error, "--help lists the options");
    return r;
}

static int store_choice(const struct option_row *row, const char *value, unsigned *ret,
                        struct sriov_error *error)
{
    for (unsigned i = 0; row->choices[i]; i++) {
        if (str_eq(row->choices[i], value)) {
            *ret = i + 1;
            return 0;
        }
    }
    return error_set(error, SRIOV_USAGE, 0, row->name, "%s is not one of %s", value, row->arg);
}

static int store_word(const struct option_row *row, const char *value, struct words *ret,
                      struct sriov_error *error)
{
    if (ret->count == OPTION_WORDS_MAX)
        return error_set(error, SRIOV_USAGE, 0, row->name, "given more than %d times",
                         OPTION_WORDS_MAX);
    ret->items[ret->count++] = value;
    return 0;
}

static int store(const struct option_row *row, const char *value, struct options *options,
                 struct sriov_error *error)
{
    char *place = (char *)options + row->offset;
    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)(void *)place = true;
        return 0;
    case OPTION_TEXT:
        *(const char **)(void *)place = value;
        return 0;
    case OPTION_NUMBER:
        if (str_to_u64(value, UINT32_MAX, (uint64_t *)(void *)place) < 0)
            return error_set(error, SRIOV_USAGE, 0, row->name, "%s is not a number up to %u", value,
                             UINT32_MAX);
        return 0;
    case OPTION_CHOICE:
        return store_choice(row, value, (unsigned *)(void *)place, error);
    case OPTION_WORDS:
        return store_word(row, value, (struct words *)(void *)place, error);
    }
    return -EINVAL;
}

/* `value` is what stood in the same word ("--file=x", "-fx"), else NULL and the next word is taken.
 */
static int take(struct option_parser *p, const struct option_row *row, const char *value,
                struct sriov_error *error)
{
    if (row->kind == OPTION_FLAG && value)
        return error_set(error, SRIOV_USAGE, 0, row->name, "takes no value");
    if (row->kind != OPTION_FLAG && !value) {
        if (p->next >= p->argc)
            return error_set(error, SRIOV_USAGE, 0, row->name, "needs a value: --%s %s", row->name,
                             row->arg);
        value = p->argv[p->next++];
    }
    return store(row, value, p->options, error);
}

static int take_name(struct option_parser *p, const char *word, struct sriov_error *error)
{
    const char *name = word + 2, *equals = strchrnul(name, '=');
    const struct option_row *row = find_name(p, name, (size_t)(equals - name));
    if (!row)
        return unknown(p, word, error);
    return take(p, row, *equals ? equals + 1 : NULL, error);
}

/* "-qy" is -q -y; behind a letter that takes a value the rest of the word is the value. */
static int take_letters(struct option_parser *p, const char *word, struct sriov_error *error)
{
    for (const char *c = word + 1; *c; c++) {
        const struct option_row *row = find_letter(p, *c);
        if (!row)
            return unknown(p, word, error);
        if (row->kind != OPTION_FLAG)
            return take(p, row, c[1] ? c + 1 : NULL, error);
        int r = take(p, row, NULL, error);
        if (r < 0)
            return r;
    }
    return 0;
}

int option_next(struct option_parser *p, const char **ret_word, struct sriov_error *error)
{
    while (p->next < p->argc) {
        const char *word = p->argv[p->next++];
        if (p->words_only || word[0] != '-' || word[1] == '\0') {
            *ret_word = word;
            return 1;
        }
        if (str_eq(word, "--")) {
            p->words_only = true;
            continue;
        }
        int r = str_starts(word, "--") ? take_name(p, word, error) : take_letters(p, word, error);
        if (r < 0)
            return r;
    }
    return 0;
}
