/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * /etc/modules-load.d/sriovd.conf, /etc/modprobe.d/sriovd.conf, /etc/tmpfiles.d/sriovd.conf. What
 * another file says already is not said again; module options that another file gives are refused,
 * because modprobe passes both on and the module takes the last.
 */
#include "boot/modules.h"

#include <errno.h>

#define HEAD "# Written by sriovctl host prepare; `sriovctl host prepare --undo` removes it.\n"
#define OWN "sriovd.conf"

/* Our own file at `path` gets this text, below the head. */
static int put_own(struct planner *p, const char *path, const char *text)
{
    _cleanup_free_ char *before = NULL;
    _cleanup_buf_ struct buf after = BUF_INIT;
    int r = planner_read(p, path, &before);
    if (r < 0)
        return r;
    buf_printf(&after, HEAD "%s", text);
    return buf_ok(&after) < 0 ? planner_no_memory(p) : planner_put(p, path, before, after.data);
}

/* Calls `line` for each line of `path` that is no comment, until it returns other than 0. */
typedef int line_fn(struct planner *p, const char *path, unsigned number, char *line);

static int each_line(struct planner *p, const char *path, line_fn *line)
{
    _cleanup_free_ char *text = NULL;
    int r = planner_read(p, path, &text);
    char *rest = text;
    for (unsigned number = 1; rest && r >= 0; number++) {
        char *words = str_trim(strsep(&rest, "\n"));
        r = *words == '#' || *words == ';' ? 0 : line(p, path, number, words);
        if (r != 0)
            return r;
    }
    return r < 0 ? r : 0;
}

static int each_line_in(struct planner *p, const char *folder, line_fn *line)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    int r = tree_list(&p->tree, folder, ".conf", &names);
    if (r < 0)
        return file_error(folder, r, p->error);
    for (size_t i = 0; i < names.count && r == 0; i++) {
        char path[320];
        snprintf(path, sizeof(path), "%s/%s", folder, names.items[i]);
        r = str_eq(names.items[i], OWN) ? 0 : each_line(p, path, line);
    }
    return r;
}

static bool is_vfio_pci(const char *module)
{
    return str_eq(module, "vfio-pci") || str_eq(module, "vfio_pci");
}

/* The next word of a line, "" at its end. */
static const char *next_word(char **line)
{
    const char *word = "";
    while (*line && !*word)
        word = strsep(line, " \t");
    return word;
}

/* ---- loading vfio-pci ---- */

static int is_vfio_line(struct planner *p, const char *path, unsigned number, char *line)
{
    return is_vfio_pci(next_word(&line));
}

static int plan_load(struct planner *p)
{
    static const char *const folders[] = { "/etc/modules-load.d", "/usr/lib/modules-load.d" };
    if (p->facts.vfio_built_in) {
        char why[256];
        snprintf(why, sizeof(why), "vfio-pci is built into the kernel (%s/modules.builtin)",
                 p->facts.modules);
        return plan_add_needless(p->plan, "modules-load.d", why) < 0 ? planner_no_memory(p) : 0;
    }
    int r = each_line(p, "/etc/modules", is_vfio_line);
    for (size_t i = 0; i < ELEMENTS(folders) && r == 0; i++)
        r = each_line_in(p, folders[i], is_vfio_line);
    return r == 0 ? put_own(p, "/etc/modules-load.d/" OWN, "vfio-pci\n") : MIN_OF(r, 0);
}

/* ---- its options ---- */

static bool are_ids(const char *text)
{
    for (;;) {
        size_t vendor = strspn(text, "0123456789abcdefABCDEF");
        size_t device = vendor == 4 && text[4] == ':' ? strspn(text + 5, "0123456789abcdefABCDEF")
                                                      : 0;
        if (device != 4)
            return false;
        text += 9;
        if (*text != ',')
            return *text == '\0';
        text++;
    }
}

/* 1 if the line gives the module just the ids that are wanted. */
static int is_ids_line(struct planner *p, const char *path, unsigned number, char *line)
{
    if (!str_eq(next_word(&line), "options") || !is_vfio_pci(next_word(&line)))
        return 0;
    for (const char *option = next_word(&line); *option; option = next_word(&line)) {
        if (!str_starts(option, "ids="))
            continue;
        if (str_eq(option + 4, p->q->vfio_ids))
            return 1;
        return planner_refuse(p, path, number,
                              "gives vfio-pci other ids, and it takes one list only",
                              "name all ids in --vfio-ids and take this line out");
    }
    return 0;
}

static int plan_ids(struct planner *p)
{
    char text[600];
    if (!are_ids(p->q->vfio_ids)) {
        error_set(p->error, SRIOV_USAGE, 0, "--vfio-ids", "%.80s is no list of VENDOR:DEVICE",
                  p->q->vfio_ids);
        error_remedy(p->error, "write 8086:1520,15b3:1018; lspci -nn shows the numbers");
        return -EINVAL;
    }
    if (p->facts.vfio_built_in)
        return 0; /* on the command line */
    int r = each_line_in(p, "/etc/modprobe.d", is_ids_line);
    if (r == 0 && (size_t)snprintf(text, sizeof(text), "options vfio-pci ids=%s\n",
                                   p->q->vfio_ids) >= sizeof(text))
        r = error_set(p->error, SRIOV_USAGE, 0, "--vfio-ids", "too many");
    return r == 0 ? put_own(p, "/etc/modprobe.d/" OWN, text) : MIN_OF(r, 0);
}

/* ---- huge pages for kernels before 5.16 ---- */

static void add_nodes(const struct huge_wish *h, struct buf *text)
{
    for (const char *at = h->value; *at; at += *at == ',') {
        int node_len = (int)strcspn(at, ":"), pages_len;
        const char *pages = at + node_len + 1;
        pages_len = (int)strcspn(pages, ",");
        buf_printf(text,
                   "w /sys/devices/system/node/node%.*s/hugepages/hugepages-%llukB/nr_hugepages"
                   " - - - - %.*s\n",
                   node_len, at, (unsigned long long)(h->bytes >> 10), pages_len, pages);
        at = pages + pages_len;
    }
}

static int plan_hugepages(struct planner *p)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    for (size_t i = 0; i < p->wishes.huge_count; i++) {
        if (!p->wishes.huge[i].at_boot)
            add_nodes(&p->wishes.huge[i], &text);
    }
    if (buf_ok(&text) < 0)
        return planner_no_memory(p);
    return text.len > 0 ? put_own(p, "/etc/tmpfiles.d/" OWN, text.data) : 0;
}

int modules_plan(struct planner *p)
{
    int r = p->q->vfio ? plan_load(p) : 0;
    if (r >= 0 && p->q->vfio_ids)
        r = plan_ids(p);
    return r < 0 ? r : plan_hugepages(p);
}
