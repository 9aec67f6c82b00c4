/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What sriovctl says: its output, its notes, and the one line of an error. Names of processes and
 * texts of drivers are other people's bytes, so nothing of them reaches a terminal unfiltered.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/app.h"
#include "core/error-json.h"

void text_make_plain(char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        size_t width = str_utf8_len(text, left);
        unsigned char c = (unsigned char)*text, second = (unsigned char)text[1];
        if (width == 0 || c < ' ' || c == 0x7f || (c == 0xc2 && second < 0xa0)) {
            *text = '?';
            width = 1;
        }
        text += width;
        left -= width;
    }
}

void time_text(int64_t when, char ret[TIME_TEXT_SIZE])
{
    time_t seconds = (time_t)when;
    struct tm tm;
    ret[0] = '\0';
    if (when != 0 && localtime_r(&seconds, &tm))
        strftime(ret, TIME_TEXT_SIZE, "%Y-%m-%d %H:%M:%S", &tm);
}

#define CLEAR_LINE "\r\033[K"
#define PROGRESS_WIDTH 78 /* a line that wraps could not be cleared */

static void end_progress(struct app *a)
{
    if (a->progress)
        fputs(CLEAR_LINE, stderr);
    a->progress = false;
}

int app_flush(struct app *a)
{
    end_progress(a);
    if (buf_ok(&a->out) < 0)
        return error_no_memory(&a->error);
    int r = file_write_all(STDOUT_FILENO, a->out.data, a->out.len);
    buf_done(&a->out);
    return r < 0 ? error_set(&a->error, SRIOV_FAILED, -r, "", "cannot write the output") : 0;
}

void app_note(struct app *a, const char *format, ...)
{
    if (a->options.quiet)
        return;
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    text_make_plain(text);
    end_progress(a);
    fprintf(stderr, "sriovctl: %s\n", text);
}

void app_progress(struct app *a, const char *format, ...)
{
    if (a->options.quiet || !a->terminal)
        return;
    char text[PROGRESS_WIDTH + 1];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    text_make_plain(text);
    fprintf(stderr, CLEAR_LINE "%s", text);
    a->progress = true;
}

/* "sriovctl: OBJECT: MESSAGE: KERNEL; REMEDY", what is empty left out. */
static void print_error(const struct sriov_error *e)
{
    char text[1024];
    snprintf(text, sizeof(text), "sriovctl%s%s: %s%s%s%s%s", *e->object ? ": " : "", e->object,
             e->message, *e->kernel ? ": " : "", e->kernel, *e->remedy ? "; " : "", e->remedy);
    text_make_plain(text);
    fprintf(stderr, "%s\n", text);
}

static void print_error_json(const struct app *a)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    struct json_writer w = JSON_WRITER(&text);
    error_json(&a->error, &a->victims, &w);
    buf_add_char(&text, '\n');
    if (buf_ok(&text) == 0)
        file_write_all(STDOUT_FILENO, text.data, text.len);
}

int app_fail(struct app *a)
{
    if (a->error.code == SRIOV_DONE)
        error_set(&a->error, SRIOV_FAILED, 0, "", "failed without a reason");
    end_progress(a);
    if (a->options.json)
        print_error_json(a);
    else
        print_error(&a->error);
    return (int)a->error.code;
}

void app_note_interrupted(struct app *a)
{
    struct transaction *running = NULL;
    size_t count = 0;
    if (!a->session.ledger || ledger_running(a->session.ledger, &running, &count, NULL) < 0)
        return;
    for (size_t i = 0; i < count; i++) {
        const struct transaction *t = &running[i];
        if (ledger_is_interrupted(a->session.ledger, t))
            app_note(a, "transaction %lld (%s) was interrupted; the next change undoes it first",
                     (long long)t->id, t->command);
        transaction_done(&running[i]);
    }
    free(running);
}
