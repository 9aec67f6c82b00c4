/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Preparing a host for SR-IOV where it boots: kernel parameters, in the place and way of its
 * distribution; modules; huge pages. A plan is made first, as a list of files with their old and
 * new text and of programs to run; what is right already is not in it. Applying it writes a journal
 * with a copy of every file before the first of them changes, so a process killed anywhere leaves
 * what the next apply finishes and boot_undo takes back.
 *
 * A file that cannot be read for certain stops the plan: nothing at all is changed then.
 */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include "base/buf.h"
#include "base/str.h"
#include "core/error.h"

enum boot_iommu {
    BOOT_IOMMU_ON,
    BOOT_IOMMU_PT, /* on, and the host's own devices pass through it untranslated */
    BOOT_IOMMU_LEAVE,
};

enum boot_cpu {
    BOOT_CPU_UNKNOWN = 1 << 0, /* some x86: of an image one cannot know */
    BOOT_CPU_INTEL = 1 << 1,
    BOOT_CPU_AMD = 1 << 2,
    BOOT_CPU_OTHER = 1 << 3, /* no x86 */
};

struct boot_request {
    const char *root;      /* "/", or the root of an image: programs are then named, not run */
    const char *state_dir; /* of the caller's system, not of the image */
    const char *release;   /* the kernel it runs; NULL: the newest of the tree */
    enum boot_cpu cpu;
    enum boot_iommu iommu;
    bool vfio;                    /* load vfio-pci at boot */
    const char *const *hugepages; /* "1G:0=4,1=4", "2M:1024" */
    size_t hugepages_count;
    const char *vfio_ids; /* "8086:1520,15b3:1018" for vfio-pci; NULL: none */
};

struct boot_file {
    char *path;
    char *before; /* NULL: there is none */
    char *after;  /* NULL: it is removed */
};

/* A program to run when the files are written, and what takes it back (none for an empty one). */
struct boot_command {
    struct strv argv;
    struct strv undo;
};

struct boot_commands {
    struct boot_command *items;
    size_t count;
};

/* A parameter that people add, and why this host does without. */
struct boot_needless {
    char *parameter;
    char *why;
};

struct boot_plan {
    struct boot_file *files;
    size_t files_count;
    struct boot_commands commands;
    struct boot_needless *needless;
    size_t needless_count;
    bool reboot;      /* it takes effect with the next boot only */
    bool interrupted; /* an earlier apply was killed: applying finishes it, though nothing may be
                         left to write */
};

void boot_plan_done(struct boot_plan *p);

/* Adds a program of the caller's own. 0 or -ENOMEM. */
int boot_plan_add_command(struct boot_plan *p, const char *const *argv);

/* What is to be done. The caller frees *ret. */
int boot_plan_make(const struct boot_request *q, struct boot_plan *ret, struct sriov_error *error);

/* Does it. Code SRIOV_NOT_ROLLED_BACK if it failed after the first change: the journal then knows
 * of it. */
int boot_apply(const struct boot_request *q, const struct boot_plan *p, struct sriov_error *error);

/* What boot_undo would do: all that was applied since the last undo. -EBUSY with code SRIOV_IN_USE
 * for a file that somebody changed since. *ret is empty if nothing was ever applied. */
int boot_undo_plan(const struct boot_request *q, struct boot_plan *ret, struct sriov_error *error);
int boot_undo(const struct boot_request *q, struct sriov_error *error);

/* The change of one file in unified form. 0 or -ENOMEM. */
int boot_diff(const struct boot_file *f, struct buf *ret);

/* A command as one line. */
void boot_command_text(const struct strv *argv, struct buf *ret);

#endif
