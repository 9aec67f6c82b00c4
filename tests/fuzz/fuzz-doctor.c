/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The doctor on captures with any text: config spaces with capabilities that point anywhere, kernel
 * logs, configuration files and XML of others. It ends, reads nothing outside its bounds, and what
 * it finds can be printed.
 */
#include <stdlib.h>

#include "doctor/doctor.h"
#include "fuzz.h"

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* Each finding is complete, and those that one explains stand behind it. */
static void check_findings(const struct doctor *d)
{
    const struct finding *f;
    for (size_t i = 0; (f = doctor_finding(d, i)); i++) {
        must(f->check && f->cause && f->object[0] && check_find(f->check->id, NULL) == f->check);
        bool seen = !f->under;
        for (size_t k = 0; k < i && !seen; k++)
            seen = doctor_finding(d, k) == f->under;
        must(seen);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct session session = { .replay = "fuzz" };
    _cleanup_doctor_ struct doctor *d = NULL;
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct doctor_input in = { .session = &session };
    struct sriov_error error = { 0 };
    char why[200] = "";
    if (backend_replay((const char *)data, size, &session.backend, why, sizeof(why)) == 0 &&
        doctor_run(&in, &d, &error) >= 0) {
        struct json_writer w = JSON_WRITER(&out);
        check_findings(d);
        doctor_json(d, &w);
        must(buf_ok(&out) == 0);
    }
    d = doctor_free(d);
    session_done(&session);
    return 0;
}
