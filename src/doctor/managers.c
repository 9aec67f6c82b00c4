/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of places where SR-IOV is configured, and the search through them. What a line is about
 * is told by its words: no file format is parsed further than to know which lines belong together.
 */
#include "doctor/managers.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/mac.h"
#include "kernel/list.h"

/* Which lines say for which PF a word is meant. */
enum span {
    SPAN_LINE,    /* the line itself */
    SPAN_FILE,    /* the whole file */
    SPAN_IFACE,   /* from one "iface" to the next */
    SPAN_NETPLAN, /* one entry of "ethernets:" */
    SPAN_POLICY,  /* one entry of a list, or one document */
};

struct word {
    const char *text;
    bool makes_vfs;
};

static const struct place {
    const char *owner;
    const char *path;
    const char *suffix; /* of files in the folder `path`; NULL: `path` is a file */
    enum span span;
    bool by_driver; /* a PF may be meant by the name of its driver */
    struct word words[3];
} places[] = {
    { "systemd",
      "/etc/systemd/network",
      ".link",
      SPAN_FILE,
      true,
      { { "SR-IOVVirtualFunctions=", true }, { "[SR-IOV]", false } } },
    { "systemd",
      "/usr/lib/systemd/network",
      ".link",
      SPAN_FILE,
      true,
      { { "SR-IOVVirtualFunctions=", true }, { "[SR-IOV]", false } } },
    { "systemd", "/etc/systemd/network", ".network", SPAN_FILE, true, { { "[SR-IOV]", false } } },
    { "netplan",
      "/etc/netplan",
      ".yaml",
      SPAN_NETPLAN,
      false,
      { { "virtual-function-count:", true }, { "embedded-switch-mode:", false } } },
    { "NetworkManager",
      "/etc/NetworkManager/system-connections",
      "",
      SPAN_FILE,
      false,
      { { "total-vfs=", true } } },
    { "NetworkManager",
      "/etc/sysconfig/network-scripts",
      "",
      SPAN_FILE,
      false,
      { { "SRIOV_TOTAL_VFS=", true } } },
    { "ifupdown",
      "/etc/network/interfaces",
      NULL,
      SPAN_IFACE,
      false,
      { { "sriov_numvfs", true } } },
    { "ifupdown",
      "/etc/network/interfaces.d",
      "",
      SPAN_IFACE,
      false,
      { { "sriov_numvfs", true } } },
    { "udev", "/etc/udev/rules.d", ".rules", SPAN_LINE, true, { { "sriov_numvfs", true } } },
    { "module parameter",
      "/etc/modprobe.d",
      ".conf",
      SPAN_LINE,
      true,
      { { " max_vfs=", true }, { " num_vfs=", true } } },
    { "sysfsutils", "/etc/sysfs.conf", NULL, SPAN_LINE, false, { { "sriov_numvfs", true } } },
    { "sysfsutils", "/etc/sysfs.d", ".conf", SPAN_LINE, false, { { "sriov_numvfs", true } } },
    { "systemd-tmpfiles",
      "/etc/tmpfiles.d",
      ".conf",
      SPAN_LINE,
      false,
      { { "sriov_numvfs", true } } },
    { "script", "/etc/rc.local", NULL, SPAN_FILE, false, { { "sriov_numvfs", true } } },
    { "script", "/etc/rc.d/rc.local", NULL, SPAN_FILE, false, { { "sriov_numvfs", true } } },
    { "script", "/etc/network/if-pre-up.d", "", SPAN_FILE, false, { { "sriov_numvfs", true } } },
    { "script", "/etc/network/if-up.d", "", SPAN_FILE, false, { { "sriov_numvfs", true } } },
    { "script", "/etc/cron.d", "", SPAN_FILE, false, { { "sriov_numvfs", true } } },
    { "script", "/etc/systemd/system", ".service", SPAN_FILE, false, { { "sriov_numvfs", true } } },
    { "sriovd",
      "/etc/sriovd",
      ".yaml",
      SPAN_POLICY,
      true,
      { { "num_vfs:", true }, { "numVfs:", true } } },
    { "Kubernetes operator",
      "/etc/sriov-operator/pci",
      "",
      SPAN_FILE,
      false,
      { { "numVfs", true } } },
};

/* Written by `sriovctl create --via module-parameter`. */
#define OWN_OPTIONS "/etc/modprobe.d/sriovd-"

size_t manager_place(const char *path)
{
    for (size_t i = 0; i < ELEMENTS(places); i++) {
        if (str_eq(places[i].path, path))
            return i;
    }
    return SIZE_MAX;
}

/* ---- reading ---- */

static bool has_word(const struct place *p, const char *text)
{
    for (size_t i = 0; i < ELEMENTS(p->words) && p->words[i].text; i++) {
        if (strstr(text, p->words[i].text))
            return true;
    }
    return false;
}

static bool is_there_already(const struct manager_files *f, const char *path)
{
    for (size_t i = 0; i < f->count; i++) {
        if (str_eq(f->items[i].path, path))
            return true;
    }
    return false;
}

/* Gives the text, if it could be read, in `ret_text` (NULL: not wanted). */
static int read_one(struct backend *b, size_t place, const char *path, struct manager_files *ret,
                    char **ret_text)
{
    _cleanup_free_ char *text = NULL;
    struct manager_file *slot;
    int r;

    r = b->ops->read_file(b, path, &text);
    ret->incomplete |= r == -EACCES || r == -EPERM;
    if (r < 0)
        return 0;
    if (has_word(&places[place], text) && !is_there_already(ret, path)) {
        slot = LIST_ADD(ret);
        if (!slot)
            return -ENOMEM;
        slot->place = place;
        STR_SET(slot->path, path);
        slot->text = strdup(text);
        if (!slot->text)
            return -ENOMEM;
    }
    if (ret_text)
        *ret_text = TAKE_PTR(text);
    return 0;
}

/* A unit often only starts a script, which does the work. Programs of the distribution are none. */
static int read_script_of(struct backend *b, size_t place, const char *unit,
                          struct manager_files *ret)
{
    static const char *const folders[] = { "/usr/local/", "/opt/", "/etc/" };
    char path[256];

    for (const char *at = unit; (at = strstr(at, "ExecStart=")); at++) {
        const char *begin = at + strlen("ExecStart=");

        begin += strspn(begin, "-@:+!");
        snprintf(path, sizeof(path), "%.*s", (int)strcspn(begin, " \t\n"), begin);
        for (size_t i = 0; i < ELEMENTS(folders); i++) {
            if (str_starts(path, folders[i]) && read_one(b, place, path, ret, NULL) < 0)
                return -ENOMEM;
        }
    }
    return 0;
}

static int read_folder(struct backend *b, size_t place, struct manager_files *ret)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    const struct place *p = &places[place];
    int r;

    r = b->ops->list_dir(b, p->path, &names);
    ret->incomplete |= r == -EACCES || r == -EPERM;
    if (r < 0)
        return 0;
    strv_sort(&names);
    for (size_t i = 0; i < names.count; i++) {
        _cleanup_free_ char *text = NULL;
        char path[256];

        snprintf(path, sizeof(path), "%s/%s", p->path, names.items[i]);
        if (!str_ends(path, p->suffix))
            continue;
        r = read_one(b, place, path, ret, &text);
        if (r >= 0 && text && str_eq(p->suffix, ".service"))
            r = read_script_of(b, place, text, ret);
        if (r < 0)
            return r;
    }
    return 0;
}

int manager_files_read(struct backend *b, struct manager_files *ret)
{
    for (size_t i = 0; i < ELEMENTS(places); i++) {
        int r = places[i].suffix ? read_folder(b, i, ret)
                                 : read_one(b, i, places[i].path, ret, NULL);

        if (r < 0)
            return r;
    }
    return 0;
}

void manager_files_done(struct manager_files *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->items[i].text);
    free(f->items);
    *f = (struct manager_files){ 0 };
}

/* ---- is a PF meant? ---- */

#define WORD_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-*?\\"

static bool names_netdev(const char *word, const struct pf *pf)
{
    if (!pf->name[0])
        return false;
    if (fnmatch(word, pf->name, 0) == 0)
        return true;
    for (size_t i = 0; i < pf->altnames.count; i++) {
        if (str_eq(word, pf->altnames.items[i]))
            return true;
    }
    return false;
}

static bool names_pf(const char *word, const struct pf *pf, bool by_driver)
{
    char mac[MAC_TEXT_SIZE];

    if (names_netdev(word, pf) || str_eq(word, pf->key))
        return true;
    if (str_starts(word, "pci-") && str_eq(word + 4, pf->key)) /* ID_PATH */
        return true;
    if (pf->has_mac) {
        mac_to_text(pf->mac, mac);
        if (strcasecmp(word, mac) == 0)
            return true;
    }
    return by_driver && pf->driver[0] && str_eq(word, pf->driver);
}

/* A word without the backslashes of a shell (0000\:01\:00.0) and the colon of a key. */
static void clean_word(const char *begin, size_t len, char ret[64])
{
    size_t n = 0;

    for (size_t i = 0; i < len && n < 63; i++) {
        if (begin[i] != '\\')
            ret[n++] = begin[i];
    }
    while (n > 0 && (ret[n - 1] == ':' || ret[n - 1] == '.'))
        n--;
    ret[n] = '\0';
}

static bool is_comment(const char *line)
{
    line += strspn(line, " \t");
    return *line == '#' || *line == ';';
}

/* A pattern without a letter takes in every PF where it is the whole value or a folder
 * ("OriginalName=*", "/sys/class/net/?*"); in a shell's `case` or a table of cron it is about
 * something else. */
static bool is_about_netdevs(const char *line, const char *at, const char *word)
{
    return strpbrk(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") ||
           (at > line && strchr("=/", at[-1]));
}

static bool line_names_pf(const char *line, size_t len, const struct pf *pf, bool by_driver)
{
    const char *begin = line, *end = line + len;
    char word[64];

    if (is_comment(line))
        return false;
    while (line < end) {
        size_t n = strspn(line, WORD_CHARS);

        if (n > (size_t)(end - line))
            n = (size_t)(end - line);
        clean_word(line, n, word);
        if (n > 0 && word[0] && is_about_netdevs(begin, line, word) &&
            names_pf(word, pf, by_driver))
            return true;
        line += n + 1;
    }
    return false;
}

static bool text_names_pf(const char *begin, const char *end, const struct pf *pf, bool by_driver)
{
    while (begin < end) {
        size_t len = strcspn(begin, "\n");

        if (line_names_pf(begin, len, pf, by_driver))
            return true;
        begin += len + 1;
    }
    return false;
}

/* ---- which lines belong together ---- */

/* The folder of netplan's entries: how far the first of them is indented, -1 before it. */
struct outline {
    enum span span;
    int entry_indent;
    bool in_ethernets;
};

static bool begins_entry(struct outline *o, const char *line)
{
    int indent = (int)strspn(line, " ");

    line += indent;
    if (str_starts(line, "ethernets:")) {
        o->in_ethernets = true;
        o->entry_indent = -1;
        return true;
    }
    if (!o->in_ethernets || *line == '#' || *line == '\n' || *line == '\0')
        return false;
    if (o->entry_indent < 0)
        o->entry_indent = indent;
    return indent <= o->entry_indent;
}

static bool begins_span(struct outline *o, const char *line)
{
    const char *text = line + strspn(line, " \t");

    switch (o->span) {
    case SPAN_LINE:
        return true;
    case SPAN_IFACE:
        return str_starts(text, "iface ") || str_starts(text, "auto ") ||
               str_starts(text, "allow-") || str_starts(text, "mapping ");
    case SPAN_NETPLAN:
        return begins_entry(o, line);
    case SPAN_POLICY:
        return str_starts(text, "- match") || str_starts(line, "---");
    case SPAN_FILE:
        break;
    }
    return false;
}

/* The end of the span that starts with the line at `begin`. */
static const char *span_end(struct outline *o, const char *begin)
{
    const char *at = begin;

    do {
        at += strcspn(at, "\n");
        at += *at == '\n';
    } while (*at && !begins_span(o, at));
    return at;
}

/* ---- finding ---- */

static int add(struct managers *ret, const struct manager_file *file, const struct word *word,
               unsigned line, const char *text, size_t len)
{
    struct manager *m = LIST_ADD(ret);
    size_t blanks = strspn(text, " \t");

    if (!m)
        return -ENOMEM;
    m->owner = str_starts(file->path, OWN_OPTIONS) ? "sriovd" : places[file->place].owner;
    m->makes_vfs = word->makes_vfs;
    m->line = line;
    STR_SET(m->path, file->path);
    snprintf(m->text, sizeof(m->text), "%.*s", (int)(len - MIN_OF(blanks, len)), text + blanks);
    return 0;
}

static int add_line(struct managers *ret, const struct manager_file *file, unsigned line,
                    const char *text, size_t len)
{
    const struct place *p = &places[file->place];

    if (is_comment(text))
        return 0;
    for (size_t i = 0; i < ELEMENTS(p->words) && p->words[i].text; i++) {
        const char *at = strstr(text, p->words[i].text);

        if (at && at < text + len)
            return add(ret, file, &p->words[i], line, text, len);
    }
    return 0;
}

static int add_span(struct managers *ret, const struct manager_file *file, unsigned *line,
                    const char *begin, const char *end, bool meant)
{
    for (; begin < end; (*line)++) {
        size_t len = strcspn(begin, "\n");

        if (meant && add_line(ret, file, *line, begin, len) < 0)
            return -ENOMEM;
        begin += len + 1;
    }
    return 0;
}

/* The operator names its files after the PFs. */
static bool is_file_of(const struct manager_file *file, const struct pf *pf)
{
    return str_eq(str_base_name(file->path), pf->key);
}

int managers_find_in(const struct manager_file *file, const struct pf *pf, struct managers *ret)
{
    const struct place *p = &places[file->place];
    struct outline outline = { .span = p->span, .entry_indent = -1 };
    const char *at = file->text;
    unsigned line = 1;

    if (*at)
        begins_span(&outline, at);
    while (*at) {
        const char *end = span_end(&outline, at);
        bool meant = text_names_pf(at, end, pf, p->by_driver) || is_file_of(file, pf);

        if (add_span(ret, file, &line, at, end, meant) < 0)
            return -ENOMEM;
        at = end;
    }
    return 0;
}

int managers_find(const struct manager_files *f, const struct pf *pf, struct managers *ret)
{
    for (size_t i = 0; i < f->count; i++) {
        if (managers_find_in(&f->items[i], pf, ret) < 0)
            return -ENOMEM;
    }
    return 0;
}

void managers_done(struct managers *m)
{
    free(m->items);
    *m = (struct managers){ 0 };
}

size_t managers_count_makers(const struct managers *m)
{
    size_t n = 0;

    for (size_t i = 0; i < m->count; i++) {
        bool told = !m->items[i].makes_vfs;

        for (size_t k = 0; k < i; k++)
            told |= m->items[k].makes_vfs && str_eq(m->items[k].owner, m->items[i].owner);
        n += !told;
    }
    return n;
}
