/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The doctor's own part, with checks that are not real: which finding explains which, in which
 * order they are read, what is said of what could not be looked at, and kernel parameters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "doctor/engine.h"

static const struct check off = { .id = "off" };
static const struct check deeper = { .id = "deeper" };
static const struct check follows = {
    .id = "follows",
    .because = (const char *const[]){ "deeper", "off", NULL },
};
static const struct check last = {
    .id = "last",
    .because = (const char *const[]){ "follows", NULL },
};
/* Two that name each other. */
static const struct check hen = { .id = "hen", .because = (const char *const[]){ "egg", NULL } };
static const struct check egg = { .id = "egg", .because = (const char *const[]){ "hen", NULL } };

static struct pf pf1 = { .key = "0000:01:00.0", .name = "enp1s0" };
static struct pf pf2 = { .key = "0000:02:00.0", .name = "enp2s0" };

/* A finding of `c` about the host (NULL), a PF, or a VF of it (0 and above). */
static struct finding *found(struct doctor *d, const struct check *c, enum severity severity,
                             const struct pf *pf, int vf)
{
    struct finding *f;

    d->running = c;
    f = report(d, severity, "cause");
    if (pf && vf >= 0)
        about_vf(f, pf, (unsigned)vf);
    else if (pf)
        about_pf(f, pf);
    return f;
}

static void forget(struct doctor *d)
{
    for (size_t i = 0; i < d->findings.count; i++) {
        finding_done(d->findings.items[i]);
        free(d->findings.items[i]);
    }
    free(d->findings.items);
    free(d->unseen.items);
}

static void test_consequence_stands_under_cause(void **state)
{
    struct doctor d = { 0 };
    struct finding *b = found(&d, &follows, FINDING_ERROR, &pf1, 3);
    struct finding *c = found(&d, &last, FINDING_ERROR, &pf1, 3);
    struct finding *a = found(&d, &off, FINDING_WARNING, NULL, -1);

    order_findings(&d);
    assert_ptr_equal(doctor_finding(&d, 0), a);
    assert_ptr_equal(doctor_finding(&d, 1), b);
    assert_ptr_equal(doctor_finding(&d, 2), c);
    assert_null(doctor_finding(&d, 3));
    assert_null(a->under);
    assert_ptr_equal(b->under, a);
    assert_ptr_equal(c->under, b);
    forget(&d);
}

static void test_cause_of_another_pf_explains_nothing(void **state)
{
    struct doctor d = { 0 };
    struct finding *other = found(&d, &off, FINDING_ERROR, &pf2, -1);
    struct finding *same_vf = found(&d, &follows, FINDING_ERROR, &pf1, 3);

    order_findings(&d);
    assert_null(same_vf->under);
    assert_null(other->under);
    forget(&d);
}

static void test_cause_of_another_vf_explains_nothing(void **state)
{
    struct doctor d = { 0 };
    struct finding *f = found(&d, &follows, FINDING_ERROR, &pf1, 3);

    found(&d, &off, FINDING_ERROR, &pf1, 2);
    order_findings(&d);
    assert_null(f->under);
    forget(&d);
}

static void test_first_named_cause_wins(void **state)
{
    struct doctor d = { 0 };
    struct finding *f;

    found(&d, &off, FINDING_ERROR, NULL, -1);
    f = found(&d, &follows, FINDING_ERROR, &pf1, 0);
    found(&d, &deeper, FINDING_ERROR, NULL, -1);
    order_findings(&d);
    assert_string_equal(f->under->check->id, "deeper");
    forget(&d);
}

static void test_two_that_explain_each_other(void **state)
{
    struct doctor d = { 0 };

    found(&d, &hen, FINDING_ERROR, NULL, -1);
    found(&d, &egg, FINDING_ERROR, NULL, -1);
    order_findings(&d);
    assert_int_equal(d.findings.count, 2);
    assert_null(doctor_finding(&d, 0)->under);
    assert_ptr_equal(doctor_finding(&d, 1)->under, doctor_finding(&d, 0));
    forget(&d);
}

static void test_order_by_severity_then_certainty_then_size(void **state)
{
    struct doctor d = { 0 };
    struct finding *info = found(&d, &egg, FINDING_INFO, &pf1, -1);
    struct finding *unsure = found(&d, &egg, FINDING_ERROR, &pf1, 1);
    struct finding *sure = found(&d, &egg, FINDING_ERROR, &pf1, 2);
    struct finding *cause = found(&d, &off, FINDING_WARNING, &pf2, -1);
    struct finding *effect = found(&d, &follows, FINDING_ERROR, &pf2, 0);

    confidence(unsure, LIKELY);
    order_findings(&d);
    /* The cause is judged with what it brings about, and explains more than the other. */
    assert_ptr_equal(doctor_finding(&d, 0), cause);
    assert_ptr_equal(doctor_finding(&d, 1), effect);
    assert_ptr_equal(doctor_finding(&d, 2), sure);
    assert_ptr_equal(doctor_finding(&d, 3), unsure);
    assert_ptr_equal(doctor_finding(&d, 4), info);
    forget(&d);
}

static void test_unseen_is_said_once(void **state)
{
    struct doctor d = { .running = &off };

    cannot_see(&d, "no %s", "light");
    cannot_see(&d, "again");
    assert_string_equal(doctor_unseen(&d, 0)->why, "no light");
    assert_null(doctor_unseen(&d, 1));
    forget(&d);
}

/* ---- kernel parameters ---- */

static int read_cmdline(struct backend *b, const char *path, char **ret)
{
    *ret = strdup("BOOT_IMAGE=/vmlinuz intel_iommu=on,sm_on quiet pci-x=\"a b\" intel_iommu=off "
                  "vfio_iommu_type1.allow_unsafe_interrupts=1");
    return *ret ? 0 : -1;
}

static void test_boot_parameters(void **state)
{
    static const struct backend_ops ops = { .read_file = read_cmdline };
    struct backend backend = { .ops = &ops };
    struct session session = { .backend = &backend };
    struct doctor d = { .session = &session };

    assert_string_equal(boot_parameter(&d, "intel_iommu"), "off");
    assert_string_equal(boot_parameter(&d, "quiet"), "");
    assert_string_equal(boot_parameter(&d, "pci_x"), "\"a b\"");
    assert_string_equal(boot_parameter(&d, "vfio-iommu-type1.allow-unsafe-interrupts"), "1");
    assert_null(boot_parameter(&d, "intel"));
    assert_null(boot_parameter(&d, "b"));
    look_done(&d);
}

/* ---- the tables ---- */

static void test_ids_are_unique_and_named(void **state)
{
    for (size_t a = 0; a < AREA_COUNT; a++) {
        for (const struct check *c = doctor_areas[a]->checks; c->id; c++) {
            assert_ptr_equal(check_find(c->id, NULL), c);
            assert_ptr_equal(check_area(c), doctor_areas[a]);
            assert_non_null(c->title);
            assert_non_null(c->run);
        }
    }
}

static void test_reasons_exist(void **state)
{
    for (size_t a = 0; a < AREA_COUNT; a++) {
        for (const struct check *c = doctor_areas[a]->checks; c->id; c++) {
            for (const char *const *id = c->because; id && *id; id++) {
                if (!check_find(*id, NULL))
                    fail_msg("%s is because of %s, which is no check", c->id, *id);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_consequence_stands_under_cause),
        cmocka_unit_test(test_cause_of_another_pf_explains_nothing),
        cmocka_unit_test(test_cause_of_another_vf_explains_nothing),
        cmocka_unit_test(test_first_named_cause_wins),
        cmocka_unit_test(test_two_that_explain_each_other),
        cmocka_unit_test(test_order_by_severity_then_certainty_then_size),
        cmocka_unit_test(test_unseen_is_said_once),
        cmocka_unit_test(test_boot_parameters),
        cmocka_unit_test(test_ids_are_unique_and_named),
        cmocka_unit_test(test_reasons_exist),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
