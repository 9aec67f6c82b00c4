/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * lend: the assignment engine on one VF of netdevsim and nothing around it, for counting what it
 * costs (bench/guest/cni.sh): lend acquire|release netdevsim1 INDEX STATE_DIR [KEY=VALUE…]
 *
 * VFs of netdevsim have no PCI address by which the CNI plugin could be asked for them.
 */
#include <err.h>
#include <errno.h>
#include <malloc.h>

#include "core/assign.h"

static void setting(const char *word, struct attrs *want)
{
    char name[32];
    const char *value = strchr(word, '=');
    const struct attr *row;
    struct sriov_error error = { 0 };

    if (!value || !STR_SET(name, word))
        errx(2, "%s: not KEY=VALUE", word);
    name[value - word] = '\0';
    row = attr_find(ATTR_OF_VF, name);
    if (!row || attr_parse(row, value + 1, want, NULL, &error) < 0)
        errx(2, "%s: %s", word, error.message);
}

static int lend(struct backend *b, const struct vf_place *place, const char *state_dir,
                char **words, struct sriov_error *error)
{
    struct assign_request q = { .state_dir = state_dir, .owner = { .name = "lend" }, .netns = -1 };

    for (; *words; words++)
        setting(*words, &q.want);
    return assign_acquire(b, place, &q, NULL, error);
}

int main(int argc, char **argv)
{
    _cleanup_(backend_free_p) struct backend *b = NULL;
    struct vf_place place = { .bus = PF_ON_NETDEVSIM };
    struct sriov_error error = { 0 };
    uint64_t index;
    int r;

    /* As the plugin does. */
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TOP_PAD, 4 << 20);
    if (argc < 5 || !STR_SET(place.pf, argv[2]) || str_to_u64(argv[3], UINT16_MAX, &index) < 0)
        errx(2, "usage: lend acquire|release netdevsim1 INDEX STATE_DIR [KEY=VALUE…]");
    place.index = (unsigned)index;
    r = backend_linux(NULL, &b);
    if (r < 0)
        errx(1, "backend: %s", strerror(-r));
    if (str_eq(argv[1], "acquire"))
        r = lend(b, &place, argv[4], argv + 5, &error);
    else
        r = assign_release(b, &place, &(struct release_request){ .state_dir = argv[4] }, NULL,
                           &error);
    if (r < 0)
        errx(1, "%s: %s: %s", error.object, error.message, error.kernel);
    return 0;
}
