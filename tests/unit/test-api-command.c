/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * POST /v1/commands: which command lines are run, as what, and for whom.
 */
#include "api-world.h"

/* ---- commands ---- */

static void assert_command(const char *role, const char *args, const char *job)
{
    char body[300];
    struct http_request r = REQUEST(role, "POST", "/v1/commands", .body = body);

    n_jobs = 0;
    snprintf(body, sizeof(body), "{\"args\":[%s]}", args);
    assert_job(&r, job);
    end_job(0, 0, "out", "");
    assert_int_equal(r.status, 200);
    assert_string_equal(r.text, "{\"status\":0,\"out\":\"out\",\"err\":\"\"}\n");
}

static void refuse_command(const char *role, const char *args, unsigned status, const char *message)
{
    char body[300];

    n_jobs = 0;
    snprintf(body, sizeof(body), "{\"args\":[%s]}", args);
    assert_refused(REQUEST(role, "POST", "/v1/commands", .body = body), status, message);
}

static void test_commands(void **state)
{
    assert_command("read", "\"list\"", "list|--");
    assert_command("read", "\"--json\",\"list\",\"enp1s0\"", "list|--json|--|enp1s0");
    assert_command("read", "\"-qj\",\"--colour=always\",\"list\"",
                   "list|--quiet|--json|--colour|always|--");
    assert_command("admin", "\"create\",\"enp1s0\",\"-n\",\"4\"", "create|--dry-run|--|enp1s0|4");
    assert_command("read", "\"history\",\"-l5\",\"--\",\"-x\"", "history|--limit|5|--|-x");
    assert_command("operate", "\"set\",\"enp1s0/0-3,5\",\"vlan=5\"", "set|--|enp1s0/0-3,5|vlan=5");
    assert_command("operate", "\"acquire\",\"--owner\",\"--force\"", "acquire|--owner|--force|--");
    assert_command("operate", "\"create\",\"enp1s0\",\"4\",\"--dry-run\"",
                   "create|--dry-run|--|enp1s0|4");
    assert_command("read", "\"create\",\"--help\"", "create|--help|--");
    assert_command("operate", "\"doctor\"", "doctor|--");
}

static void test_commands_that_are_refused(void **state)
{
    static const char here[] = "makes sense on the machine itself only";

    refuse_command("admin", "", 400, "names no verb");
    refuse_command("admin", "\"lst\"", 400, "no such verb");
    refuse_command("admin", "\"run\",\"--vf\",\"enp1s0/1\",\"--\",\"sh\"", 400, here);
    refuse_command("admin", "\"capture\",\"/etc/passwd\"", 400, here);
    refuse_command("admin", "\"host\",\"prepare\",\"--apply\"", 400, here);
    refuse_command("admin", "\"list\",\"--replay\",\"/etc/passwd\"", 400, here);
    refuse_command("admin", "\"--replay=/etc/passwd\",\"list\"", 400, here);
    refuse_command("admin", "\"list\",\"--state-dir\",\"/tmp\"", 400, here);
    refuse_command("admin", "\"list\",\"--sysfs-root=/tmp\"", 400, here);
    refuse_command("admin", "\"--host\",\"unix:/x\",\"list\"", 400, here);
    refuse_command("admin", "\"report\",\"-o/etc/cron.d/x\"", 400, here);
    refuse_command("admin", "\"audit\",\"--baseline\",\"/etc/shadow\"", 400, here);
    refuse_command("admin", "\"watch\"", 400, "does not end, so it is no command here");
    refuse_command("admin", "\"apply\",\"-f\",\"/etc/shadow\"", 400, "is a file of this machine");
    refuse_command("admin", "\"apply\",\"-qf/etc/shadow\"", 400, "is a file of this machine");
    refuse_command("admin", "\"apply\",\"-f\",\"-\"", 400, "is missing");
    refuse_command("admin", "\"list\",\"--nothing\"", 400, "unknown option");
    refuse_command("admin", "\"list\",\"--json=1\"", 400, "takes no value");
    refuse_command("admin", "\"history\",\"--limit\"", 400, "needs a value");
    /* Options of a verb are none before it. */
    refuse_command("admin", "\"--force\",\"create\",\"enp1s0\",\"4\"", 400, "unknown option");
}

static void test_roles_of_commands(void **state)
{
    refuse_command("read", "\"create\",\"enp1s0\",\"4\"", 403,
                   "takes role admin, and you have read");
    refuse_command("operate", "\"bind\",\"enp1s0/1\",\"vfio-pci\"", 403,
                   "takes role admin, and you have operate");
    refuse_command("operate", "\"set\",\"enp1s0\",\"num_vfs=4\"", 403,
                   "takes role admin, and you have operate");
    refuse_command("operate", "\"set\",\"pci/0000:01:00.0\",\"num_vfs=4\"", 403,
                   "takes role admin, and you have operate");
    refuse_command("operate", "\"set\",\"enp1s0/1\",\"vlan=1\",\"driver=vfio-pci\"", 403,
                   "takes role admin, and you have operate");
    refuse_command("operate", "\"set\",\"enp1s0/1\",\"vlan=1\",\"--force\"", 403,
                   "takes role admin, and you have operate");
    refuse_command("operate", "\"doctor\",\"--fix\",\"pf-down\"", 403,
                   "takes role admin, and you have operate");
    refuse_command("read", "\"doctor\"", 403, "takes role operate, and you have read");
    refuse_command("read", "\"acquire\",\"--owner\",\"a\"", 403,
                   "takes role operate, and you have read");
    refuse_command("read", "\"release\",\"a\"", 403, "takes role operate, and you have read");
    /* A word is no option. */
    refuse_command("read", "\"create\",\"--\",\"enp1s0\",\"--help\"", 403,
                   "takes role admin, and you have read");
}

static void test_commands_with_a_policy(void **state)
{
    struct http_request r = REQUEST(
        "admin", "POST", "/v1/commands",
        .body = "{\"args\":[\"apply\",\"--file\",\"-\"],\"policy\":\"pfs: []\"}");

    assert_job(&r, "apply|--file|-|--");
    assert_string_equal(jobs[0].input, "pfs: []");
    end_job(0, 2, "", "sriovctl: wrong\n");
    assert_int_equal(r.status, 200);
    assert_string_equal(r.text, "{\"status\":2,\"out\":\"\",\"err\":\"sriovctl: wrong\\n\"}\n");
    assert_int_equal(told.kind, RECORD_REFUSED);
    assert_string_equal(told.message, "sriovctl apply --file -: refused: sriovctl: wrong");
    n_jobs = 0;
    assert_refused(REQUEST("admin", "POST", "/v1/commands",
                           .body = "{\"args\":[\"list\"],\"policy\":\"pfs: []\"}"),
                   400, "is not asked for");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_commands),
        TEST(test_commands_that_are_refused),
        TEST(test_roles_of_commands),
        TEST(test_commands_with_a_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
