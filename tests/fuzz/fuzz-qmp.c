/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A QEMU that says anything: the bytes stand in the socket beforehand, and after them it hangs up.
 * Whatever it is, no question may hang, crash or leak; texts that come out of it are whole.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fuzz.h"
#include "vm/check.h"
#include "vm/qemu.h"

#define SOCKET_ROOM                                                                                \
    (128 * 1024) /* a socket holds more; what does not fit would wait for a reader */

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void question(struct qmp *q)
{
    char bus[QEMU_ID_SIZE] = "", path[QEMU_PATH_SIZE] = "";
    struct sriov_error error = { 0 };
    struct qemu vm = { .name = "x", .machine = "pc-i440fx" };

    if (qemu_look(q, &vm, &error) >= 0)
        must(str_is_plain(vm.name, sizeof(vm.name) - 1) &&
             memchr(vm.machine, '\0', sizeof(vm.machine)));
    if (qemu_find_slot(q, &vm, bus, &error) >= 0)
        must(bus[0] && memchr(bus, '\0', sizeof(bus)));
    if (qemu_find_device(q, &vm, "0000:01:10.0", path, &error) >= 0)
        must(path[0] == '/' && memchr(path, '\0', sizeof(path)));
    qemu_unplug(q, &vm, "/machine/peripheral/vf", 0, &error);
}

static void guest_answers(const char *text, size_t len)
{
    struct guest g = { 0 };

    if (guest_parse(text, len, &g) < 0)
        must(!g.items && g.count == 0);
    for (size_t i = 0; i < g.count; i++)
        must(memchr(g.items[i].name, '\0', sizeof(g.items[i].name)) &&
             memchr(g.items[i].addresses, '\0', sizeof(g.items[i].addresses)));
    guest_done(&g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sriov_error error = { 0 };
    struct qmp *q = NULL;
    int fds[2];

    guest_answers((const char *)data, size);
    if (size > SOCKET_ROOM || socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
        return 0;
    must(size == 0 || send(fds[1], data, size, MSG_DONTWAIT) == (ssize_t)size);
    shutdown(fds[1], SHUT_WR);
    if (qmp_start(fds[0], "fuzz", &q, &error) < 0)
        must(!q && error.message[0]);
    else
        question(q);
    qmp_close(q);
    close(fds[1]);
    return 0;
}
