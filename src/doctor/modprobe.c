/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lines of modprobe.d, read word by word. Of the form only what forbids or sets is understood
 * (modprobe.d(5)); in names - and _ are the same.
 */
#include "doctor/modprobe.h"

#include <stdio.h>

#include "doctor/engine.h"

#define BLANKS " \t"
#define LINE_SIZE 256
#define CMDLINE "/proc/cmdline"

static const char *const folders[] = {
    "/etc/modprobe.d",     "/run/modprobe.d", "/usr/local/lib/modprobe.d",
    "/usr/lib/modprobe.d", "/lib/modprobe.d",
};

/* ---- one line ---- */

/* The word at *at, which moves behind it; 0 at the end. */
static size_t next_word(const char **at, const char **ret_word)
{
    size_t len;

    *ret_word = *at + strspn(*at, BLANKS);
    len = strcspn(*ret_word, BLANKS);
    *at = *ret_word + len;
    return len;
}

static bool is_name(const char *word, size_t len, const char *name)
{
    if (len != strlen(name))
        return false;
    for (size_t i = 0; i < len; i++) {
        bool dash = word[i] == '-' || word[i] == '_';

        if (dash ? name[i] != '-' && name[i] != '_' : word[i] != name[i])
            return false;
    }
    return true;
}

/* Is it a line "WORD MODULE"? Then *rest is what follows. */
static bool is_line_on(const char *line, const char *word, const char *module, const char **rest)
{
    const char *first;
    size_t len = next_word(&line, &first);

    if (!is_name(first, len, word))
        return false;
    len = next_word(&line, &first);
    *rest = line;
    return is_name(first, len, module);
}

enum module_ban modprobe_line_ban(const char *line, const char *module)
{
    const char *rest, *command;
    size_t len;

    if (is_line_on(line, "blacklist", module, &rest))
        return BAN_BY_DEVICE;
    if (!is_line_on(line, "install", module, &rest))
        return BAN_NONE;
    for (len = next_word(&rest, &command); memchr(command, '/', len); len--)
        command++;
    return is_name(command, len, "false") || is_name(command, len, "true") ? BAN_ALWAYS : BAN_NONE;
}

static bool is_not_zero(const char *value)
{
    return *value >= '1' && *value <= '9';
}

bool modprobe_line_option(const char *line, const char *module, const char *option)
{
    const char *word;
    size_t len;

    if (!is_line_on(line, "options", module, &line))
        return false;
    while ((len = next_word(&line, &word)) > 0) {
        const char *value = memchr(word, '=', len);

        if (value && is_name(word, (size_t)(value - word), option) && is_not_zero(value + 1))
            return true;
    }
    return false;
}

/* ---- all lines ---- */

/* What a line says of a module, above 0 if anything: the strictest counts. */
typedef int (*line_reader)(const char *line, const char *module, const char *option);

static void read_lines(const char *path, const char *text, line_reader reader, const char *module,
                       const char *option, int *best, struct module_rule *ret)
{
    for (unsigned number = 1; *text; number++) {
        size_t len = strcspn(text, "\n");
        char line[LINE_SIZE];
        int said;

        snprintf(line, sizeof(line), "%.*s", (int)len, text);
        said = reader(line, module, option);
        if (said > *best) {
            *best = said;
            snprintf(ret->place, sizeof(ret->place), "%s:%u", path, number);
            STR_SET(ret->text, line);
        }
        text += len + (text[len] == '\n');
    }
}

static int read_folders(struct doctor *d, line_reader reader, const char *module,
                        const char *option, struct module_rule *ret)
{
    char path[272];
    int best = 0;

    for (size_t i = 0; i < ELEMENTS(folders); i++) {
        const struct strv *names = read_dir(d, "%s", folders[i]);

        for (size_t k = 0; k < names->count; k++) {
            snprintf(path, sizeof(path), "%s/%s", folders[i], names->items[k]);
            read_lines(path, read_text(d, "%s", path), reader, module, option, &best, ret);
        }
    }
    return best;
}

static int read_ban(const char *line, const char *module, const char *option)
{
    return (int)modprobe_line_ban(line, module);
}

static int read_option(const char *line, const char *module, const char *option)
{
    return modprobe_line_option(line, module, option);
}

/* ---- the command line ---- */

/* Is the name in a list parted by commas? */
static bool is_listed(const char *list, const char *name)
{
    while (list && *list) {
        size_t len = strcspn(list, ",");

        if (is_name(list, len, name))
            return true;
        list += len + (list[len] == ',');
    }
    return false;
}

static bool is_banned_by_parameter(struct doctor *d, const char *parameter, const char *module,
                                   struct module_rule *ret)
{
    const char *list = boot_parameter(d, parameter);

    if (!is_listed(list, module))
        return false;
    STR_SET(ret->place, CMDLINE);
    snprintf(ret->text, sizeof(ret->text), "%s=%s", parameter, list);
    return true;
}

enum module_ban module_ban(struct doctor *d, const char *module, struct module_rule *ret)
{
    enum module_ban ban;

    if (is_banned_by_parameter(d, "module_blacklist", module, ret))
        return BAN_ALWAYS;
    ban = (enum module_ban)read_folders(d, read_ban, module, NULL, ret);
    if (ban == BAN_NONE && is_banned_by_parameter(d, "modprobe.blacklist", module, ret))
        ban = BAN_BY_DEVICE;
    return ban;
}

bool module_option(struct doctor *d, const char *module, const char *option,
                   struct module_rule *ret)
{
    char name[64];
    const char *value;

    snprintf(name, sizeof(name), "%s.%s", module, option);
    value = boot_parameter(d, name);
    if (value && is_not_zero(value)) {
        STR_SET(ret->place, CMDLINE);
        snprintf(ret->text, sizeof(ret->text), "%s=%s", name, value);
        return true;
    }
    return read_folders(d, read_option, module, option, ret) > 0;
}

bool module_installed(struct doctor *d, const char *folder, const char *module)
{
    static const char *const endings[] = { ".ko", ".ko.xz", ".ko.zst", ".ko.gz" };
    const char *release = read_text(d, "/proc/sys/kernel/osrelease");

    for (size_t i = 0; i < ELEMENTS(endings); i++) {
        if (there_is(d, "/lib/modules/%s/%s/%s%s", release, folder, module, endings[i]))
            return true;
    }
    return false;
}
