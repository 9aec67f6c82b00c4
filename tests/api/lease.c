/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A program of somebody else that lends VFs, for the lab: it knows the public headers and the
 * shared library only.
 *
 *     sriov-api-lease VF NETNS IFNAME SETTING...
 *
 * lends the VF, tries to lend it again, lists, and takes it back twice. One line for each.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sriov/lease.h"

static struct sriov_error error;

static void say(const char *what, int r, char *json)
{
    if (r < 0)
        printf("%s: %d, code %d: %s: %s\n", what, -r, (int)error.code, error.object, error.message);
    else
        printf("%s: %d %s\n", what, r, json ? json : "");
    free(json);
}

static void lend(struct sriov *host, const char *what, const char *vf,
                 const struct sriov_lease_options *options)
{
    char *json = NULL;
    int r = sriov_acquire(host, vf, options, &json, &error);

    say(what, r, json);
}

static void work(struct sriov *host, char **argv)
{
    struct sriov_lease_options options = {
        .size = sizeof(options),
        .owner = "api",
        .netns = argv[2],
        .ifname = argv[3],
        .settings = (const char *const *)argv + 4,
        .flags = SRIOV_LEASE_UP,
    };
    char *json = NULL;
    int r;

    lend(host, "lend", argv[1], &options);
    lend(host, "again", argv[1], &options);
    r = sriov_leases_json(host, &json, &error);
    say("list", r, json);
    say("other", sriov_release(host, argv[1], "somebody", &error), NULL);
    say("back", sriov_release(host, NULL, "api", &error), NULL);
    say("twice", sriov_release(host, argv[1], NULL, &error), NULL);

    options.settings = (const char *const[]){ "vlan=5000", NULL };
    lend(host, "wrong", argv[1], &options);
    options = (struct sriov_lease_options){
        .size = sizeof(options), .owner = "api", .numa_node = 63, .flags = SRIOV_LEASE_NUMA
    };
    lend(host, "nowhere", NULL, &options);
    options.size--;
    lend(host, "size", argv[1], &options);
    say("nobody", sriov_release(host, NULL, NULL, &error), NULL);
}

int main(int argc, char **argv)
{
    struct sriov *host;

    if (argc < 4)
        return 2;
    if (sriov_open(NULL, &host, &error) < 0)
        return 1;
    work(host, argv);
    sriov_close(host);
    return 0;
}
