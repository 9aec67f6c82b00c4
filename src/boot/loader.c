/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The tables of boot loaders: where the command line is, and what must run after a change there.
 * A host may have several places (a systemd-boot host with a left-over /etc/default/grub, Proxmox
 * with both): each that is there is put right, since only the firmware knows which one is used.
 */
#include "boot/loader.h"

#include <errno.h>

/* In a command: the kernel's release, and its file. */
#define RELEASE "RELEASE"
#define IMAGE "IMAGE"

const char *const entry_folders[] = {
    "/boot/loader/entries",
    "/efi/loader/entries",
    "/boot/efi/loader/entries",
    NULL,
};

static bool is_ostree(const struct planner *p)
{
    return tree_has(&p->tree, "/usr/bin/rpm-ostree") &&
           (tree_has(&p->tree, "/run/ostree-booted") || tree_has(&p->tree, "/ostree/repo"));
}

static bool has_entries(const struct planner *p)
{
    bool has = false;
    for (size_t i = 0; entry_folders[i]; i++)
        has |= tree_has(&p->tree, entry_folders[i]);
    return has && !is_ostree(p);
}

static bool has_grub(const struct planner *p)
{
    return tree_has(&p->tree, "/etc/default/grub") && !is_ostree(p);
}

static bool has_cmdline(const struct planner *p)
{
    return tree_has(&p->tree, "/etc/kernel/cmdline") && !is_ostree(p);
}

static const struct place {
    bool (*is_there)(const struct planner *p);
    int (*plan)(struct planner *p);
} places[] = {
    { is_ostree, ostree_plan },
    { has_grub, grub_plan },
    { has_cmdline, kernel_cmdline_plan },
    { has_entries, bls_plan },
};

/* For each kind of place the first row whose file is there. systemd-boot, and GRUB with BLS, read
 * the entries at boot; only what is built from a command line (unified kernel images, grub.cfg,
 * Proxmox's copies) or from entries (s390x) must be built again. */
static const struct refresher {
    unsigned of; /* enum place_bit */
    const char *needs;
    const char *argv[5];
} refreshers[] = {
    { PLACE_GRUB | PLACE_CMDLINE,
      "/etc/kernel/proxmox-boot-uuids",
      { "proxmox-boot-tool", "refresh" } },
    { PLACE_GRUB, "/usr/sbin/update-grub", { "update-grub" } },
    { PLACE_GRUB, "/usr/sbin/grub2-mkconfig", { "grub2-mkconfig", "-o", "/boot/grub2/grub.cfg" } },
    { PLACE_GRUB, "/usr/bin/grub-mkconfig", { "grub-mkconfig", "-o", "/boot/grub/grub.cfg" } },
    { PLACE_ENTRIES, "/usr/sbin/zipl", { "zipl" } },
    { PLACE_IMAGES, "/etc/mkinitcpio.d", { "mkinitcpio", "-P" } },
    { PLACE_IMAGES, "/usr/bin/kernel-install", { "kernel-install", "add", RELEASE, IMAGE } },
};

static int add_refresher(struct planner *p, const struct refresher *row)
{
    _cleanup_strv_ struct strv argv = STRV_INIT;
    int r = 0;
    for (size_t i = 0; row->argv[i] && r >= 0; i++) {
        const char *word = row->argv[i];
        if (str_eq(word, RELEASE))
            word = p->facts.release;
        else if (str_eq(word, IMAGE))
            word = p->facts.image;
        r = strv_add(&argv, word);
    }
    if (r >= 0)
        r = commands_add(&p->plan->commands, &argv, &argv);
    return r < 0 ? planner_no_memory(p) : 0;
}

static bool has_images(const struct planner *p)
{
    return tree_has(&p->tree, "/boot/EFI/Linux") || tree_has(&p->tree, "/efi/EFI/Linux") ||
           tree_has(&p->tree, "/boot/efi/EFI/Linux");
}

static int plan_refresh(struct planner *p)
{
    unsigned left = p->changed;
    if ((left & PLACE_CMDLINE) && has_images(p))
        left |= PLACE_IMAGES;
    for (size_t i = 0; i < ELEMENTS(refreshers) && left; i++) {
        const struct refresher *row = &refreshers[i];
        if (!(row->of & left) || !tree_has(&p->tree, row->needs))
            continue;
        left &= ~row->of;
        int r = add_refresher(p, row);
        if (r < 0)
            return r;
    }
    return 0;
}

int loaders_plan(struct planner *p)
{
    size_t found = 0;
    if (!wishes_any(&p->wishes) && p->wishes.parameters == 0)
        return 0;
    for (size_t i = 0; i < ELEMENTS(places); i++) {
        if (!places[i].is_there(p))
            continue;
        found++;
        int r = places[i].plan(p);
        if (r < 0)
            return r;
    }
    if (found == 0 && wishes_any(&p->wishes)) {
        error_set(p->error, SRIOV_UNSUPPORTED, 0, p->q->root,
                  "has no boot loader whose configuration is known here");
        error_remedy(p->error, "give the kernel the parameters by hand, and run this again with "
                               "--iommu leave and without --hugepages");
        return -EOPNOTSUPP;
    }
    return plan_refresh(p);
}
