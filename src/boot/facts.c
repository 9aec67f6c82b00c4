/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The kernel of a tree. Debian and Red Hat keep its configuration in /boot, Red Hat and openSUSE
 * also beside the modules. Without one, nothing is called needless.
 */
#include "boot/facts.h"

#include <errno.h>

#define CONFIG_LIMIT (1024 * 1024)
#define BUILT_IN_LIMIT (1024 * 1024)

static const char *const module_folders[] = { "/usr/lib/modules", "/lib/modules" };

static int newest_release(const struct tree *t, char *ret, size_t size)
{
    for (size_t i = 0; i < ELEMENTS(module_folders); i++) {
        _cleanup_strv_ struct strv names = STRV_INIT;
        int r = tree_list(t, module_folders[i], "", &names);
        if (r < 0)
            return r;
        if (names.count > 0 && str_copy(ret, size, names.items[names.count - 1]))
            return 0;
    }
    ret[0] = '\0';
    return 0;
}

static void read_config(const struct tree *t, struct boot_facts *f)
{
    static const char *const forms[] = {
        "/boot/config-%s",
        "/usr/lib/modules/%s/config",
        "/lib/modules/%s/config",
    };
    for (size_t i = 0; i < ELEMENTS(forms) && !f->config; i++) {
        const char *percent = strstr(forms[i], "%s");
        int n = snprintf(f->config_path, sizeof(f->config_path), "%.*s%s%s",
                         (int)(percent - forms[i]), forms[i], f->release, percent + 2);
        if (n > 0 && (size_t)n < sizeof(f->config_path))
            tree_read(t, f->config_path, CONFIG_LIMIT, &f->config, NULL, NULL);
    }
    if (!f->config)
        f->config_path[0] = '\0';
}

static void read_modules(const struct tree *t, struct boot_facts *f)
{
    for (size_t i = 0; i < ELEMENTS(module_folders); i++) {
        _cleanup_free_ char *text = NULL;
        char path[192];
        snprintf(f->modules, sizeof(f->modules), "%.20s/%.128s", module_folders[i], f->release);
        snprintf(path, sizeof(path), "%s/modules.builtin", f->modules);
        if (tree_read(t, path, BUILT_IN_LIMIT, &text, NULL, NULL) < 0)
            continue;
        f->vfio_built_in = strstr(text, "/vfio-pci.ko") != NULL;
        return;
    }
}

static void find_image(const struct tree *t, struct boot_facts *f)
{
    snprintf(f->image, sizeof(f->image), "/usr/lib/modules/%.128s/vmlinuz", f->release);
    if (!tree_has(t, f->image))
        snprintf(f->image, sizeof(f->image), "/boot/vmlinuz-%.128s", f->release);
}

int boot_facts_read(const struct boot_request *q, const struct tree *t, struct boot_facts *ret)
{
    struct boot_facts f = { 0 };
    int r = 0;
    if (q->release)
        STR_SET(f.release, q->release);
    else
        r = newest_release(t, f.release, sizeof(f.release));
    if (r < 0)
        return r;
    if (*f.release) {
        read_config(t, &f);
        read_modules(t, &f);
        find_image(t, &f);
    }
    *ret = f;
    return 0;
}

void boot_facts_done(struct boot_facts *f)
{
    free(f->config);
    f->config = NULL;
}

bool boot_facts_has(const struct boot_facts *f, const char *name)
{
    char line[96];
    int n = snprintf(line, sizeof(line), "CONFIG_%s=y\n", name);
    const char *found = f->config && n < (int)sizeof(line) ? strstr(f->config, line) : NULL;
    return found && (found == f->config || found[-1] == '\n');
}

bool boot_facts_since(const struct boot_facts *f, unsigned major, unsigned minor)
{
    unsigned have_major, have_minor;
    if (sscanf(f->release, "%u.%u", &have_major, &have_minor) != 2)
        return false;
    return have_major > major || (have_major == major && have_minor >= minor);
}
