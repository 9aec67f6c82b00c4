/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The QMP conversation with a QEMU of paper: all that it says stands in the socket beforehand, as
 * the numbers that commands get are known. Lines are those of QEMU 10.0.13.
 */
#include "vm/qmp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

#include "base/buf.h"
#include "vm/qemu.h"

#define GREETING                                                                                   \
    "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 13, \"minor\": 0, \"major\": 10}, "            \
    "\"package\": \"Debian\"}, \"capabilities\": [\"oob\"]}}\r\n"
#define READY GREETING "{\"return\": {}, \"id\": 1}\r\n"
#define DELETED(path)                                                                              \
    "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"DEVICE_DELETED\", "       \
    "\"data\": {\"device\": \"vf\", \"path\": \"" path "\"}}\r\n"
#define REFUSED(path)                                                                              \
    "{\"event\": \"DEVICE_UNPLUG_GUEST_ERROR\", \"data\": {\"path\": \"" path "\"}}\r\n"

/* One end for the code under test, the other for QEMU. */
struct ends {
    int ours, theirs;
};

static struct ends pair(const char *says)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_int_equal(send(fds[1], says, strlen(says), 0), (ssize_t)strlen(says));
    return (struct ends){ .ours = fds[0], .theirs = fds[1] };
}

/* QEMU says all this and hangs up, but for our side to speak. */
static struct qmp *talk(const char *says, struct ends *ends)
{
    struct sriov_error error = { 0 };
    struct qmp *q = NULL;
    *ends = pair(says);
    shutdown(ends->theirs, SHUT_WR);
    assert_int_equal(qmp_start(ends->ours, "/run/web1.qmp", &q, &error), 0);
    return q;
}

static void end(struct qmp *q, struct ends *ends)
{
    assert_null(qmp_close(q));
    close(ends->theirs);
}

/* What was sent to QEMU, as one text. */
static void heard(const struct ends *ends, char *ret, size_t size)
{
    ssize_t n = recv(ends->theirs, ret, size - 1, MSG_DONTWAIT);
    ret[n > 0 ? n : 0] = '\0';
}

static void test_opening(void **state)
{
    struct ends ends;
    struct qmp *q = talk(READY, &ends);
    char text[200];
    heard(&ends, text, sizeof(text));
    assert_string_equal(text, "{\"execute\":\"qmp_capabilities\",\"id\":1}\n");
    assert_int_equal(qmp_pid(q), getpid());
    assert_int_equal(qmp_uid(q), getuid());
    end(q, &ends);
    assert_null(qmp_close(NULL));
}

/* Events before an answer, answers to others, and lines in pieces. */
static void test_answers(void **state)
{
    struct ends ends;
    struct node *answer = NULL;
    char text[300];
    struct qmp *q = talk(READY
                         "{\"event\": \"RESUME\"}\r\n{\"return\": {\"old\": 1}, \"id\": 1}\r\n"
                         "{\"return\": {\"name\": \"web1\"}, \"id\": 2}\r\n"
                         "{\"id\": 3, \"return\": {}}\r\n",
                         &ends);
    assert_int_equal(qmp_run(q, "query-name", NULL, &answer, NULL), 0);
    assert_string_equal(node_get_text(answer, "name"), "web1");
    node_free(answer);
    assert_int_equal(qmp_run(q, "device_add", "{\"id\":\"vf\"}", NULL, NULL), 0);
    heard(&ends, text, sizeof(text));
    assert_non_null(
        strstr(text, "{\"execute\":\"query-name\",\"id\":2}\n"
                     "{\"execute\":\"device_add\",\"id\":3,\"arguments\":{\"id\":\"vf\"}}\n"));
    end(q, &ends);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *class;
        int r;
    } rows[] = { { "GenericError", -EIO },
                 { "DeviceNotFound", -ENODEV },
                 { "DeviceNotActive", -ENXIO },
                 { "CommandNotFound", -EOPNOTSUPP },
                 { "SomethingNew", -EIO } };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct sriov_error error = { 0 };
        struct node *answer = NULL;
        struct ends ends;
        char says[400];
        snprintf(says, sizeof(says),
                 READY "{\"id\": 2, \"error\": {\"class\": \"%s\", \"desc\": \"Bus 'pcie.0' does "
                       "not support hotplugging\"}}\r\n",
                 rows[i].class);
        struct qmp *q = talk(says, &ends);
        assert_int_equal(qmp_run(q, "device_add", NULL, &answer, &error), rows[i].r);
        assert_null(answer);
        assert_string_equal(error.kernel, "Bus 'pcie.0' does not support hotplugging");
        assert_string_equal(error.object, "/run/web1.qmp");
        end(q, &ends);
    }
}

/* An answer without an id is one to something that QEMU could not read. */
static void test_answer_without_id(void **state)
{
    struct sriov_error error = { 0 };
    struct ends ends;
    struct qmp *q = talk(READY "{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON\"}}\r\n",
                         &ends);
    assert_int_equal(qmp_run(q, "stop", NULL, NULL, &error), -EIO);
    assert_string_equal(error.kernel, "JSON");
    end(q, &ends);
}

static void test_no_qmp(void **state)
{
    static const struct {
        const char *says;
        int r;
    } rows[] = { { "", -ECONNRESET },
                 { "SSH-2.0-OpenSSH_9.2\r\n", -EBADMSG },
                 { "{\"hello\": 1}\r\n", -EBADMSG },
                 { "[]\r\n", -EBADMSG },
                 { "{\"QMP\": {}", -ECONNRESET },
                 { "{\"QMP\": {}}\r\n{\"return\": [[[", -ECONNRESET } };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct ends ends = pair(rows[i].says);
        struct sriov_error error = { 0 };
        struct qmp *q = NULL;
        shutdown(ends.theirs, SHUT_WR);
        assert_int_equal(qmp_start(ends.ours, "x", &q, &error), rows[i].r);
        assert_null(q);
        assert_string_equal(error.object, "x");
        assert_true(error.message[0] && error.remedy[0]);
        close(ends.theirs);
    }
}

/* A line may be long, not endless; a document may be deep, not bottomless. */
static void test_limits(void **state)
{
    _cleanup_buf_ struct buf says = BUF_INIT;
    struct sriov_error error = { 0 };
    struct ends ends;
    buf_add_str(&says, READY "{\"id\": 2, \"return\": ");
    for (int i = 0; i < 300; i++)
        buf_add_char(&says, '[');
    for (int i = 0; i < 300; i++)
        buf_add_char(&says, ']');
    buf_add_str(&says, "}\r\n");
    struct qmp *q = talk(says.data, &ends);
    assert_int_equal(qmp_run(q, "query-pci", NULL, NULL, &error), -EBADMSG);
    end(q, &ends);
}

static void test_events(void **state)
{
    static const char *const deleted[] = { "DEVICE_DELETED", NULL };
    struct sriov_error error = { 0 };
    struct ends ends;
    struct qmp *q = talk(
        READY DELETED("/a") "{\"id\": 2, \"return\": {}}\r\n" DELETED("/b") REFUSED("/c"), &ends);
    assert_int_equal(qmp_run(q, "device_del", NULL, NULL, NULL), 0);
    assert_int_equal(qmp_wait(q, deleted, "path", "/b", 1000, &error), 0);
    assert_int_equal(qmp_wait(q, deleted, "path", "/a", 1000, &error), 0);
    /* Neither is there twice. */
    assert_int_equal(qmp_wait(q, deleted, NULL, NULL, 1000, &error), -ECONNRESET);
    end(q, &ends);

    ends = pair(READY);
    assert_int_equal(qmp_start(ends.ours, "x", &q, &error), 0);
    assert_int_equal(qmp_wait(q, deleted, NULL, NULL, 50, &error), -ETIMEDOUT);
    end(q, &ends);
}

/* More events than are kept: the last ones are there, and memory has an end. */
static void test_many_events(void **state)
{
    static const char *const any[] = { "E", NULL };
    _cleanup_buf_ struct buf says = BUF_INIT;
    struct sriov_error error = { 0 };
    struct ends ends;
    buf_add_str(&says, READY);
    for (int i = 0; i < 200; i++)
        buf_printf(&says, "{\"event\": \"E\", \"data\": {\"n\": \"%d\"}}\r\n", i);
    buf_add_str(&says, "{\"id\": 2, \"return\": {}}\r\n");
    struct qmp *q = talk(says.data, &ends);
    assert_int_equal(qmp_run(q, "stop", NULL, NULL, &error), 0);
    assert_int_equal(qmp_wait(q, any, "n", "0", 1000, &error), -ECONNRESET);
    assert_int_equal(qmp_wait(q, any, "n", "199", 1000, &error), 0);
    assert_int_equal(qmp_wait(q, any, "n", "136", 1000, &error), 0);
    assert_int_equal(qmp_wait(q, any, "n", "135", 1000, &error), -ECONNRESET);
    end(q, &ends);
}

static void test_paths(void **state)
{
    struct sriov_error error = { 0 };
    struct qmp *q = NULL;
    char path[200];
    assert_int_equal(qmp_open("/no/such/socket", &q, &error), -ENOENT);
    assert_int_equal(error.code, SRIOV_NO_DEVICE);
    assert_int_equal(qmp_open("", &q, &error), -EINVAL);
    memset(path, 'x', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(qmp_open(path, &q, &error), -EINVAL);
    assert_int_equal(error.code, SRIOV_USAGE);
    /* A file, and no socket. */
    assert_int_equal(qmp_open("/proc/self/exe", &q, &error), -ECONNREFUSED);
    assert_null(q);
}

/* ---- what a machine has ---- */

#define LIST(id, items) "{\"id\": " id ", \"return\": [" items "]}\r\n"
#define ITEM(name, type) "{\"name\": \"" name "\", \"type\": \"" type "\"}"
#define TEXT(id, text) "{\"id\": " id ", \"return\": \"" text "\"}\r\n"
#define ERROR(id) "{\"id\": " id ", \"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\r\n"
#define BOOL(id, value) "{\"id\": " id ", \"return\": " value "}\r\n"

static const struct qemu q35 = { .name = "web1", .machine = "pc-q35-10.0-machine" };
static const struct qemu i440fx = { .name = "web1", .machine = "pc-i440fx-10.0-machine" };

/* rp10 and rp9 are free, rp2 is taken, rp3 fixed; one of a kind that has no such property is taken
 * for one that takes devices. */
static void test_free_port(void **state)
{
    char bus[QEMU_ID_SIZE] = "";
    struct sriov_error error = { 0 };
    struct ends ends;
    struct qmp *q = talk(
        READY LIST(
            "2",
            ITEM("type", "string") "," ITEM("rp10", "child<pcie-root-port>") "," ITEM("net0", "child<virtio-net-pci>") "," ITEM(
                "rp9",
                "child<xio3130-downstream>") "," ITEM("rp2",
                                                      "child<pcie-root-port>") "," ITEM("rp3",
                                                                                        "child<ioh3420>"))
            BOOL("3", "true") LIST("4", ITEM("type", "string")) ERROR("5")
                LIST("6", ITEM("realized", "bool")) BOOL("7", "true")
                    LIST("8", ITEM("child[0]", "link<virtio-net-pci>")) BOOL("9", "false")
                        LIST("10", ITEM("type", "string")) LIST("11", ""),
        &ends);
    assert_int_equal(qemu_find_slot(q, &q35, bus, &error), 0);
    assert_string_equal(bus, "rp9");
    end(q, &ends);
}

static void no_port(const char *says, const struct qemu *vm, const char *message)
{
    char bus[QEMU_ID_SIZE] = "";
    struct sriov_error error = { 0 };
    struct ends ends;
    struct qmp *q = talk(says, &ends);
    assert_int_equal(qemu_find_slot(q, vm, bus, &error), -ENOSPC);
    assert_string_equal(error.message, message);
    assert_string_equal(error.object, "web1");
    assert_int_equal(error.code, SRIOV_UNSUPPORTED);
    assert_non_null(strstr(error.remedy, "pcie-root-port,id=rp"));
    assert_string_equal(bus, "");
    end(q, &ends);
}

static void test_no_port(void **state)
{
    no_port(READY LIST("2", "") LIST("3", ""), &q35,
            "the VM has no PCIe root port that a VF could be plugged into");
    no_port(READY LIST("2", "") LIST("3", ITEM("device[0]", "child<pcie-root-port>")), &q35,
            "the VM's PCIe root ports have no id by which one could be named");
    no_port(READY LIST("2", ITEM("rp1", "child<pcie-root-port>")) BOOL("3", "false") LIST("4", "")
                LIST("5", ""),
            &q35, "the VM's PCIe root ports take nothing while it runs (hotplug=off)");
    no_port(READY LIST("2", ITEM("rp1", "child<pcie-root-port>")) BOOL("3", "true")
                LIST("4", ITEM("child[0]", "link<x>")) LIST("5", ""),
            &q35, "the VM has no free PCIe root port: 1 of 1 are taken");
    no_port(READY LIST("2", "") LIST("3", "") ERROR("4"), &i440fx,
            "the VM has no PCIe root port that a VF could be plugged into");
}

static void test_pc(void **state)
{
    char bus[QEMU_ID_SIZE] = "";
    struct sriov_error error = { 0 };
    struct ends ends;
    struct qmp *q = talk(
        READY LIST("2", "") LIST("3", "") LIST("4", ITEM("child[0]", "link<i440FX>")), &ends);
    assert_int_equal(qemu_find_slot(q, &i440fx, bus, &error), 0);
    assert_string_equal(bus, "pci.0");
    end(q, &ends);
}

static void test_find_device(void **state)
{
    char path[QEMU_PATH_SIZE] = "";
    struct sriov_error error = { 0 };
    struct ends ends;
    const char *says = READY LIST(
        "2", ITEM("a", "child<vfio-pci>") "," ITEM("net0", "child<virtio-net-pci>"))
        TEXT("3", "0000:01:10.0") LIST("4", ITEM("device[1]", "child<vfio-pci>"))
            TEXT("5", "0000:01:10.2");
    struct qmp *q = talk(says, &ends);
    assert_int_equal(qemu_find_device(q, &q35, "0000:01:10.2", path, &error), 0);
    assert_string_equal(path, "/machine/peripheral-anon/device[1]");
    end(q, &ends);
    q = talk(says, &ends);
    assert_int_equal(qemu_find_device(q, &q35, "0000:01:10.4", path, &error), -ENOENT);
    assert_int_equal(error.code, SRIOV_NO_DEVICE);
    end(q, &ends);
}

#define LOOK(name, type)                                                                           \
    READY "{\"id\": 2, \"return\": {" name "}}\r\n" TEXT(                                          \
        "3",                                                                                       \
        type) "{\"id\": 4, \"return\": {\"base-memory\": 67108864, \"plugged-memory\": 1048576}}\r\n"

static void test_look(void **state)
{
    struct sriov_error error = { 0 };
    struct ends ends;
    struct qemu vm = { 0 };
    char wanted[32];
    struct qmp *q = talk(
        LOOK(
            "\"name\": \"web1\"",
            "pc-q35-10.0-machine") "{\"id\": 5, \"return\": {\"actual\": 67108864}}\r\n"
                                   "{\"id\": 6, \"return\": {\"status\": \"running\", \"running\": true}}\r\n" LIST(
                                       "7", ITEM("vf", "child<vfio-pci>")) LIST("8", ""),
        &ends);
    assert_int_equal(qemu_look(q, &vm, &error), 0);
    assert_string_equal(vm.name, "web1");
    assert_string_equal(vm.machine, "pc-q35-10.0-machine");
    assert_int_equal(vm.memory, 68157440);
    assert_true(vm.balloon && vm.running && vm.has_vfio);
    end(q, &ends);

    q = talk(LOOK("\"name\": \"a\\nb\"", "x")
                 ERROR("5") "{\"id\": 6, \"return\": {\"running\": false}}\r\n" LIST("7", "")
                     LIST("8", ""),
             &ends);
    assert_int_equal(qemu_look(q, &vm, &error), 0);
    snprintf(wanted, sizeof(wanted), "qemu-%d", getpid());
    assert_string_equal(vm.name, wanted);
    assert_false(vm.balloon || vm.running || vm.has_vfio);
    end(q, &ends);
}

static void test_unplug(void **state)
{
    struct sriov_error error = { 0 };
    struct ends ends;
    struct qmp *q = talk(READY
                         "{\"id\": 2, \"return\": {}}\r\n" DELETED("/machine/peripheral/other")
                             DELETED("/machine/peripheral/vf"),
                         &ends);
    assert_int_equal(qemu_unplug(q, &q35, "/machine/peripheral/vf", 1000, &error), 0);
    end(q, &ends);

    q = talk(READY "{\"id\": 2, \"return\": {}}\r\n" REFUSED("/machine/peripheral/vf"), &ends);
    assert_int_equal(qemu_unplug(q, &q35, "/machine/peripheral/vf", 1000, &error), -EBUSY);
    end(q, &ends);

    /* Asked before, and it is on its way. */
    q = talk(
        READY
        "{\"id\": 2, \"error\": {\"class\": \"GenericError\", \"desc\": \"Device vf is already in the "
        "process of unplug\"}}\r\n" DELETED("/machine/peripheral/vf"),
        &ends);
    assert_int_equal(qemu_unplug(q, &q35, "/machine/peripheral/vf", 1000, &error), 0);
    end(q, &ends);

    q = talk(READY ERROR("2"), &ends);
    assert_int_equal(qemu_unplug(q, &q35, "/machine/peripheral/vf", 1000, &error), -EIO);
    end(q, &ends);

    ends = pair(READY "{\"id\": 2, \"return\": {}}\r\n");
    assert_int_equal(qmp_start(ends.ours, "x", &q, &error), 0);
    assert_int_equal(qemu_unplug(q, &q35, "/machine/peripheral/vf", 50, &error), -ETIMEDOUT);
    assert_non_null(strstr(error.remedy, "paused"));
    end(q, &ends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opening),     cmocka_unit_test(test_answers),
        cmocka_unit_test(test_refusals),    cmocka_unit_test(test_answer_without_id),
        cmocka_unit_test(test_no_qmp),      cmocka_unit_test(test_limits),
        cmocka_unit_test(test_events),      cmocka_unit_test(test_many_events),
        cmocka_unit_test(test_paths),       cmocka_unit_test(test_free_port),
        cmocka_unit_test(test_no_port),     cmocka_unit_test(test_pc),
        cmocka_unit_test(test_find_device), cmocka_unit_test(test_look),
        cmocka_unit_test(test_unplug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
