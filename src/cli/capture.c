/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl capture: the machine in a file, for bug reports and tests.
 */
#include <errno.h>

#include "base/file.h"
#include "cli/capture.h"
#include "doctor/doctor.h"
#include "doctor/host-facts.h"

int capture_start(struct app *a)
{
    struct backend *recorder;
    int r = session_backend(&a->session, &a->error);
    if (r < 0)
        return r;
    r = backend_capture(a->session.backend, &recorder);
    if (r < 0)
        return error_set(&a->error, SRIOV_FAILED, -r, "", "cannot record");
    a->session.backend = recorder;
    return 0;
}

int capture_text(struct app *a, struct buf *ret)
{
    int r = backend_capture_text(a->session.backend, ret);
    return r < 0 ? error_set(&a->error, SRIOV_FAILED, -r, "", "cannot put the record together") : 0;
}

static int write_capture(struct app *a, const char *file, struct buf *text)
{
    if (str_eq(file, "-")) {
        buf_add(&a->out, text->data, text->len);
        return 0;
    }
    int r = file_replace(file, text->data, text->len, 0600);
    if (r < 0)
        return error_set(&a->error, error_code_of(-r), -r, file, "cannot write the capture");
    if (a->options.json) {
        struct json_writer w = JSON_WRITER(&a->out);
        json_object(&w, NULL);
        json_str(&w, "file", file);
        json_u64(&w, "bytes", text->len);
        json_end(&w);
        buf_add_char(&a->out, '\n');
    } else if (!a->options.quiet) {
        buf_printf(&a->out, "%s: %zu PFs, %zu bytes; sriovctl list --replay %s shows them\n", file,
                   a->session.snapshot->n_pfs, text->len, file);
    }
    return 0;
}

/* Whatever the doctor reads goes into the record with the rest, and it reads more than anybody. */
static int look_at_all(struct app *a)
{
    _cleanup_doctor_ struct doctor *d = NULL;
    struct doctor_input in = { .session = &a->session };
    int r = doctor_run(&in, &d, &a->error);
    if (r >= 0)
        host_look(d);
    return r;
}

static int run_capture(struct app *a)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    int r = capture_start(a);
    if (r >= 0)
        r = session_snapshot(&a->session, &a->error);
    if (r >= 0)
        r = look_at_all(a);
    if (r < 0)
        return r;
    r = capture_text(a, &text);
    return r < 0 ? r : write_capture(a, a->args[0], &text);
}

const struct verb verb_capture = {
    .name = "capture",
    .synopsis = "capture FILE",
    .help = "record the machine's state in a file",
    .details =
        (const char *const[]){
            "Writes everything that list, show, plan and doctor would read into one file: files of sysfs, answers of "
            "the kernel over netlink, its log as far as it speaks of these devices, and who uses what. Every verb that only reads answers from it with "
            "--replay FILE, on any machine. Send one with a bug report.",
            "The file holds MAC and IP addresses and names of processes, VMs and containers, so it is readable "
            "by its owner only. FILE - is standard output. Run it as root to have the holders complete.",
            NULL,
        },
    .min_args = 1,
    .max_args = 1,
    .flags = VERB_READS | VERB_HERE,
    .words = { WORD_FILE, WORD_NONE },
    .examples =
        (const struct example[]){
            { "capture bug.json", "record this machine" },
            { "show enp1s0 --replay bug.json", "look at the record" },
            { NULL, NULL },
        },
    .run = run_capture,
};
