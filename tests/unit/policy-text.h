/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Policies as text for the tests of desired state: every document of a YAML text is added as if it
 * stood in the file p.yaml, so a place in a message is "p.yaml:LINE".
 */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/yaml-read.h"
#include "core/desired.h"

static inline struct node *policy_read(const char *yaml)
{
    const struct node_limits limits = { .bytes = 1 << 20, .nodes = 10000, .depth = 16 };
    struct node_error wrong = { 0 };
    struct node *documents = NULL;

    if (yaml_read(yaml, strlen(yaml), &limits, &documents, &wrong) < 0)
        fail_msg("%s: line %u: %s", yaml, wrong.line, wrong.text);
    return documents;
}

/* Stops at the first wrong document. */
static inline int policy_try(struct desired *d, const char *yaml, struct sriov_error *error)
{
    _cleanup_node_ struct node *documents = policy_read(yaml);
    int r = 0;

    for (size_t i = 0; r >= 0 && i < documents->count; i++)
        r = desired_add(d, &documents->items[i], "p.yaml", error);
    return r;
}

static inline void policy_add(struct desired *d, const char *yaml)
{
    struct sriov_error error = { 0 };

    if (policy_try(d, yaml, &error) < 0)
        fail_msg("%s\n%s: %s (%s)", yaml, error.object, error.message, error.remedy);
}

/* The one document is refused as usage at that line, with these words in message and remedy ("" for
 * none), and leaves `d` as it was. */
static inline void policy_refuse(struct desired *d, const char *yaml, unsigned line,
                                 const char *message, const char *remedy)
{
    struct sriov_error error = { 0 };
    size_t n_pfs = d->n_pfs, n_pools = d->n_pools;
    char where[32];

    snprintf(where, sizeof(where), "p.yaml:%u", line);
    if (policy_try(d, yaml, &error) != -EINVAL)
        fail_msg("not refused: %s", yaml);
    if (!strstr(error.message, message) || !strstr(error.remedy, remedy) ||
        (!*remedy && *error.remedy) || strcmp(error.object, where) != 0)
        fail_msg("%s\n%s: %s (%s)", yaml, error.object, error.message, error.remedy);
    assert_int_equal(error.code, SRIOV_USAGE);
    assert_string_equal(error.kernel, "");
    assert_int_equal(d->n_pfs, n_pfs);
    assert_int_equal(d->n_pools, n_pools);
    assert_int_equal(policy_try(d, yaml, NULL), -EINVAL);
}

static inline void assert_attr(const struct attrs *a, enum sriov_attr id, uint64_t value)
{
    assert_true(attrs_has(a, id));
    assert_int_equal(a->value[id], value);
}

static inline void assert_indexes(const unsigned *have, size_t n_have, unsigned first,
                                  unsigned last)
{
    assert_int_equal(n_have, last - first + 1);
    for (size_t i = 0; i < n_have; i++)
        assert_int_equal(have[i], first + i);
}
