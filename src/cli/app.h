/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One run of sriovctl: its options, and what a verb needs, opened when it is first asked for. A
 * verb writes its output into `out`; what goes wrong is in `error`. Nothing but app_fail prints an
 * error.
 */
#ifndef CLI_APP_H
#define CLI_APP_H

#include "cli/option.h"
#include "cli/program.h"
#include "core/inventory-json.h"
#include "core/session.h"

#define POLICY_DIR "/etc/sriovd"

struct app {
    const struct program *program;
    struct options options;
    const struct verb *verb;
    const char **args;
    size_t n_args;
    size_t n_plain;    /* how many of them stand before "--" */
    char command[256]; /* what was asked for, as the history keeps it: "create enp1s0 4" */
    bool colour;       /* standard output is a terminal that wants colours */
    bool entered;      /* the program's own word has been read */
    bool terminal;     /* standard error is a terminal: show progress there */
    bool progress;     /* a line of progress stands there now */
    int status;        /* what to exit with instead of the error's code; 0: that */
    struct buf out;
    struct sriov_error error;
    struct holders victims; /* who is named in the error */
    struct session session; /* the machine; its parts are read when first asked for */
};

/* Reads the command line, finds the verb and checks what it asks for. A verb that another program
 * does ends that: the rest of the line is for it. */
int app_start(struct app *a, const struct program *program, int argc, char **argv);

/* Starts and runs it, prints what goes wrong: a program's whole main(). Returns the exit status. */
int app_main(const struct program *program, int argc, char **argv);

/* Runs the verb, or what --help and --version ask for, and prints its output. */
int app_run(struct app *a);
void app_done(struct app *a);

/* For verbs that only look into it by the way: what it cannot give is left out. */
void app_ledger_if_readable(struct app *a);

/* ---- output.c ---- */

/* Prints the error (one line on stderr, or an object on stdout with --json); returns the exit
 * status. */
int app_fail(struct app *a);

/* A line on stderr that is no error; silent with --quiet. */
void app_note(struct app *a, const char *format, ...) _printf_(2, 3);

/* What is being done, on a terminal only: the line gives way to whatever is printed next. */
void app_progress(struct app *a, const char *format, ...) _printf_(2, 3);

/* Writes out what is in a->out. */
int app_flush(struct app *a);

/* Mentions transactions that died half way, once. */
void app_note_interrupted(struct app *a);

/* Bytes that would disturb a terminal become '?'. In place. */
void text_make_plain(char *text);

/* Seconds of Unix time as "2026-08-19 12:00:05", local time. */
#define TIME_TEXT_SIZE 24
void time_text(int64_t when, char ret[TIME_TEXT_SIZE]);

#endif
