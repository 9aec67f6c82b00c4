/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The sections of an incident report. What people have to fill in stands there in italics; the
 * rest is what the machine says.
 */
#include "cli/report-text.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/mac.h"
#include "cli/markdown.h"
#include "cli/tenure.h"
#include "cli/text.h"

#define CHANGES_SHOWN 20
#define LINES_SHOWN 40

/* ---- the host ---- */

static void read_line(struct app *a, const char *path, char *ret, size_t size)
{
    _cleanup_free_ char *text = NULL;
    ret[0] = '\0';
    if (session_backend(&a->session, NULL) < 0 ||
        a->session.backend->ops->read_file(a->session.backend, path, &text) < 0)
        return;
    text[strcspn(text, "\n")] = '\0';
    text_make_plain(text);
    str_copy(ret, size, text);
}

void report_host_name(struct app *a, char ret[HOST_NAME_SIZE])
{
    read_line(a, "/proc/sys/kernel/hostname", ret, HOST_NAME_SIZE);
}

/* PRETTY_NAME="Debian GNU/Linux 12 (bookworm)" */
static void read_distribution(struct app *a, char *ret, size_t size)
{
    static const char key[] = "PRETTY_NAME=\"";
    _cleanup_free_ char *text = NULL;
    ret[0] = '\0';
    if (session_backend(&a->session, NULL) < 0 ||
        a->session.backend->ops->read_file(a->session.backend, "/etc/os-release", &text) < 0)
        return;
    char *start = strstr(text, key);
    if (!start)
        return;
    start += strlen(key);
    start[strcspn(start, "\"\n")] = '\0';
    text_make_plain(start);
    str_copy(ret, size, start);
}

static void add_fact(struct buf *out, const char *name, const char *value)
{
    if (*value)
        markdown_row(out, MARKDOWN_PLAIN, (const char *[]){ name, value }, 2);
}

static void add_host(const struct report *r, struct buf *out)
{
    static const char *const files[][2] = {
        { "Kernel", "/proc/sys/kernel/osrelease" },
        { "Maker", "/sys/class/dmi/id/sys_vendor" },
        { "Machine", "/sys/class/dmi/id/product_name" },
        { "Firmware", "/sys/class/dmi/id/bios_version" },
        { "Kernel parameters", "/proc/cmdline" },
    };
    char text[400];
    buf_add_str(out, "### Host\n\n");
    if (r->app->options.replay)
        buf_add_str(out, "As far as the capture has it.\n\n");
    markdown_head(out, MARKDOWN_PLAIN, (const char *[]){ "What", "Value" }, 2);
    report_host_name(r->app, text);
    add_fact(out, "Name", text);
    read_distribution(r->app, text, sizeof(text));
    add_fact(out, "System", text);
    for (size_t i = 0; i < ELEMENTS(files); i++) {
        read_line(r->app, files[i][1], text, sizeof(text));
        add_fact(out, files[i][0], text);
    }
    buf_add_char(out, '\n');
}

/* ---- drivers ---- */

static int add_driver(struct strv *all, const char *name)
{
    return !*name || strv_has(all, name) ? 0 : strv_add(all, name);
}

static void add_drivers(const struct report *r, struct buf *out)
{
    _cleanup_strv_ struct strv drivers = STRV_INIT;
    const struct snapshot *s = r->app->session.snapshot;
    for (size_t i = 0; i < s->n_pfs; i++) {
        const struct pf *pf = &s->pfs[i];
        add_driver(&drivers, pf->driver);
        for (size_t v = 0; v < pf->n_vfs; v++)
            add_driver(&drivers, pf->vfs[v].attrs.driver);
    }
    buf_add_str(out, "### Drivers\n\n");
    if (drivers.count == 0) {
        buf_add_str(out, "None is bound to a PF or VF.\n\n");
        return;
    }
    markdown_head(out, MARKDOWN_PLAIN, (const char *[]){ "Driver", "Version" }, 2);
    for (size_t i = 0; i < drivers.count; i++) {
        char path[80], version[80];
        snprintf(path, sizeof(path), "/sys/module/%.40s/version", drivers.items[i]);
        for (char *c = path; *c; c++)
            *c = *c == '-' ? '_' : *c; /* as modules are called there */
        read_line(r->app, path, version, sizeof(version));
        markdown_row(
            out, MARKDOWN_PLAIN,
            (const char *[]){ drivers.items[i], *version ? version : "that of the kernel" }, 2);
    }
    buf_add_char(out, '\n');
}

/* ---- PFs and VFs ---- */

static const char *const device_heads[] = { "Device", "PCI",  "Driver", "Group",
                                            "MAC",    "VLAN", "State",  "Used by" };

static void add_pf(const struct report *r, const struct pf *pf, struct buf *out)
{
    _cleanup_buf_ struct buf state = BUF_INIT, holders = BUF_INIT;
    char mac[MAC_TEXT_SIZE] = "", group[NUMBER_SIZE];
    if (pf->has_mac)
        mac_to_text(pf->mac, mac);
    text_pf_state(pf, &state);
    text_holders(&r->app->session.holders, pf, HOLDER_OF_PF, &holders);
    markdown_row(out, MARKDOWN_PLAIN,
                 (const char *[]){ pf_label(pf), pf->key, pf->driver,
                                   text_number(pf->iommu_group, group), mac, NULL, state.data,
                                   holders.data },
                 ELEMENTS(device_heads));
}

static void add_vf(const struct report *r, const struct pf *pf, const struct vf *vf,
                   struct buf *out)
{
    _cleanup_buf_ struct buf settings = BUF_INIT, holders = BUF_INIT;
    char label[OBJECT_SIZE], group[NUMBER_SIZE], mac[ATTR_TEXT_SIZE], vlan[ATTR_TEXT_SIZE];
    vf_label(pf, vf->index, label);
    attr_text(attr_row(SRIOV_MAC), &vf->attrs, mac);
    attr_text(attr_row(SRIOV_VLAN), &vf->attrs, vlan);
    text_settings(vf, &settings);
    text_holders(&r->app->session.holders, pf, (int)vf->index, &holders);
    markdown_row(out, MARKDOWN_PLAIN,
                 (const char *[]){ label, vf->pci,
                                   attrs_has(&vf->attrs, SRIOV_DRIVER) ? vf->attrs.driver : NULL,
                                   text_number(vf->iommu_group, group), mac,
                                   str_eq(vlan, "0") ? NULL : vlan, settings.data, holders.data },
                 ELEMENTS(device_heads));
}

static void add_devices(const struct report *r, struct buf *out)
{
    const struct snapshot *s = r->app->session.snapshot;
    buf_add_str(out, "### PFs and VFs\n\n");
    if (s->n_pfs == 0) {
        buf_add_str(out, "There is no PF on this machine.\n\n");
        return;
    }
    markdown_head(out, MARKDOWN_PLAIN, device_heads, ELEMENTS(device_heads));
    for (size_t i = 0; i < s->n_pfs; i++) {
        add_pf(r, &s->pfs[i], out);
        for (size_t v = 0; v < s->pfs[i].n_vfs; v++)
            add_vf(r, &s->pfs[i], &s->pfs[i].vfs[v], out);
    }
    buf_add_char(out, '\n');
}

/* ---- findings ---- */

static void add_finding(const struct doctor *d, const struct finding *f, struct buf *out)
{
    _cleanup_buf_ struct buf object = BUF_INIT;
    int indent = (int)finding_depth(f) * 2;
    diagnosis_object(d, f, &object);
    buf_printf(out, "%*s* **%s** %s, %s: %s%s\n", indent, "", severity_name(f->severity),
               f->check->id, object.data ? object.data : "", f->cause ? f->cause : "",
               f->confidence == CERTAIN  ? ""
               : f->confidence == LIKELY ? " (likely)"
                                         : " (possible)");
    for (size_t i = 0; i < f->n_evidence; i++) {
        buf_printf(out, "%*s* seen in %s: ", indent + 2, "", f->evidence[i].source);
        markdown_code(out, f->evidence[i].value);
        buf_add_char(out, '\n');
    }
}

static void add_findings(const struct report *r, struct buf *out)
{
    const struct doctor *d = r->diagnosis->doctor;
    const struct finding *f;
    const struct unseen *u;
    buf_add_str(out, "### Findings of the doctor\n\n");
    if (!doctor_finding(d, 0))
        buf_add_str(out, "None: the checks that could look found nothing wrong.\n");
    for (size_t i = 0; (f = doctor_finding(d, i)); i++) {
        if (!diagnosis_is_told(d, i))
            add_finding(d, f, out);
    }
    if (doctor_unseen(d, 0))
        buf_add_str(out, "\nNot checked:\n\n");
    for (size_t i = 0; (u = doctor_unseen(d, i)); i++)
        buf_printf(out, "* %s: %s\n", u->check->id, u->why);
    buf_add_char(out, '\n');
}

/* ---- what was done before ---- */

static void add_change(const struct history_row *row, struct buf *out)
{
    char when[TIME_TEXT_SIZE], what[ATTR_TEXT_SIZE * 3 + 8];
    time_text(row->when, when);
    snprintf(what, sizeof(what), "%s: %s to %s", row->what, row->from, row->to);
    markdown_row(out, MARKDOWN_PLAIN,
                 (const char *[]){ when, row->who, row->command, row->object, what,
                                   transaction_state_name(row->transaction_state) },
                 6);
}

static void add_lease(const struct report *r, const struct lease_record *lease, struct buf *out)
{
    char when[TIME_TEXT_SIZE], who[TENURE_WHO_SIZE], object[OBJECT_SIZE];
    time_text(lease->when, when);
    tenure_who(lease, who);
    tenure_label(r->app, lease, object);
    markdown_row(
        out, MARKDOWN_PLAIN,
        (const char *[]){ when, who, NULL, object, "lease", lease_event_name(lease->event) }, 6);
}

static void add_history(const struct report *r, struct buf *out)
{
    size_t leases = r->leases.count, row = 0;
    buf_add_str(out, "### Last changes\n\n");
    if (r->n_changes + leases == 0) {
        buf_add_str(out, "None is known.\n\n");
        return;
    }
    markdown_head(out, MARKDOWN_PLAIN,
                  (const char *[]){ "When", "Who", "Command", "Object", "What", "Result" }, 6);
    for (size_t n = 0; n < CHANGES_SHOWN && (row < r->n_changes || leases > 0); n++) {
        const struct lease_record *lease = leases > 0 ? &r->leases.items[leases - 1] : NULL;
        if (lease && (row == r->n_changes || lease->when >= r->changes[row].when)) {
            add_lease(r, lease, out);
            leases--;
        } else {
            add_change(&r->changes[row++], out);
        }
    }
    buf_add_char(out, '\n');
}

static void add_log(const struct report *r, struct buf *out)
{
    struct doctor *d = r->diagnosis->doctor;
    const char *line;
    size_t place = 0, count = 0, skip;
    while (log_next(d, &place, "", NULL))
        count++;
    buf_add_str(out, "### Kernel log\n\n");
    if (count == 0) {
        buf_add_str(out, "No line in it is about these devices, or it could not be read.\n\n");
        return;
    }
    skip = count > LINES_SHOWN ? count - LINES_SHOWN : 0;
    if (skip > 0)
        buf_printf(out, "The last %d of %zu lines about these devices:\n\n", LINES_SHOWN, count);
    buf_add_str(out, "~~~text\n");
    for (place = 0, count = 0; (line = log_next(d, &place, "", NULL)); count++) {
        if (count >= skip)
            buf_printf(out, "%s\n", line);
    }
    buf_add_str(out, "~~~\n\n");
}

/* ---- what to do ---- */

/* Remedies once each, in the order of the findings. */
static void add_handling(const struct report *r, struct buf *out)
{
    _cleanup_strv_ struct strv told = STRV_INIT;
    const struct finding *f;
    buf_add_str(out, "## Handling\n\n");
    for (size_t i = 0; (f = doctor_finding(r->diagnosis->doctor, i)); i++) {
        if (!f->remedy || diagnosis_is_told(r->diagnosis->doctor, i) ||
            strv_has(&told, f->remedy) || strv_add(&told, f->remedy) < 0)
            continue;
        buf_printf(out, "%zu. [ ] %s, %s: ", told.count, f->check->id, f->object);
        markdown_code(out, f->remedy);
        buf_add_char(out, '\n');
    }
    buf_printf(out, "%s_What was done, by whom, and what it changed._\n\n", told.count ? "\n" : "");
}

static void add_prevention(const struct report *r, struct buf *out)
{
    _cleanup_strv_ struct strv told = STRV_INIT;
    const struct finding *f;
    buf_add_str(out, "## Prevention\n\n");
    for (size_t i = 0; (f = doctor_finding(r->diagnosis->doctor, i)); i++) {
        const char *id = f->check->id;
        if (f->under || strv_has(&told, id) || strv_add(&told, id) < 0)
            continue;
        buf_printf(out,
                   "* [ ] %s: `sriovctl doctor --explain %s` says what keeps it from coming back\n",
                   f->check->title, id);
    }
    if (!doctor_policy(r->diagnosis->doctor) && r->app->session.snapshot->n_pfs > 0)
        buf_add_str(out, "* [ ] No policy says how this machine is to be: write one in " POLICY_DIR
                         " (man sriovd-policy), so that a difference is noticed\n");
    buf_add_str(out, "* [ ] _What else keeps it from happening again._\n");
}

void report_text(const struct report *r, struct buf *out)
{
    char when[TIME_TEXT_SIZE];
    time_text(r->when, when);
    buf_printf(out, "# Incident %s\n\n", r->event);
    markdown_head(out, MARKDOWN_PLAIN, (const char *[]){ "Event", "Time", "Made by" }, 3);
    markdown_row(out, MARKDOWN_PLAIN,
                 (const char *[]){ r->event, when, "sriovctl " SRIOV_VERSION " report" }, 3);
    buf_printf(out, "\n## Symptom\n\n%s\n\n## What was checked\n\n",
               r->symptom ? r->symptom : "_What does not work, since when, and for whom._");
    add_findings(r, out);
    add_devices(r, out);
    add_history(r, out);
    add_log(r, out);
    add_host(r, out);
    add_drivers(r, out);
    add_handling(r, out);
    add_prevention(r, out);
}
