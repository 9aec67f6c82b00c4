/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The CNI plugin `sriov`: puts SR-IOV VFs into containers, and takes them back as they were. Reads
 * what sriov-cni reads. An adapter: it translates the CNI protocol to the library's leases.
 */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "cni/call.h"
#include "cni/command.h"

#define NEEDS_ATTACHMENT (NEEDS_CONTAINER | NEEDS_IFNAME)

static const struct command {
    const char *name;
    const char *func; /* sriov-cni's function of it, as its log names it */
    int (*run)(struct cni_call *c, struct buf *out, struct cni_error *e);
    unsigned needs;
    enum cni_version since;
    enum config_use use;
} commands[] = {
    { "ADD", "cmdAdd", command_add, NEEDS_ATTACHMENT | NEEDS_NETNS, CNI_0_3_0, CONFIG_STRICT },
    { "DEL", "cmdDel", command_del, NEEDS_ATTACHMENT, CNI_0_3_0, CONFIG_LENIENT },
    { "CHECK", "cmdCheck", command_check, NEEDS_ATTACHMENT | NEEDS_NETNS, CNI_0_4_0,
      CONFIG_STRICT },
    { "STATUS", "cmdStatus", command_status, 0, CNI_1_1_0, CONFIG_STRICT },
    { "GC", "cmdGC", command_gc, NEEDS_PATH, CNI_1_1_0, CONFIG_LENIENT },
    { "VERSION", "cmdVersion", command_version, 0, CNI_0_3_0, CONFIG_LENIENT },
};

static const struct command *find_command(const struct cni_call *c, struct cni_error *e)
{
    for (size_t i = 0; i < ELEMENTS(commands); i++) {
        if (str_eq(commands[i].name, c->command))
            return &commands[i];
    }
    if (*c->command)
        cni_fail(e, CNI_INVALID_ENVIRONMENT, 0, "CNI_COMMAND: \"%.40s\" is not known", c->command);
    else
        cni_fail(e, CNI_INVALID_ENVIRONMENT, 0, "CNI_COMMAND: not set");
    cni_details(e, "this is a CNI plugin: a container runtime starts it, with CNI_COMMAND one of "
                   "ADD, DEL, CHECK, STATUS, GC and VERSION");
    return NULL;
}

/* The log's keys count even where the rest of the configuration is wrong. */
static void open_log(struct cni_call *c)
{
    c->log.level = c->config.log_level;
    c->log.container = c->container;
    c->log.netns = c->netns;
    c->log.ifname = c->ifname;
    if (c->config.log_file[0])
        log_open(&c->log, c->config.log_file);
    for (size_t i = 0; i < c->config.warnings.count; i++)
        log_line(&c->log, LOG_LEVEL_WARNING, c->config.warnings.items[i], NULL);
}

static int prepare(struct cni_call *c, const struct command *command, struct cni_error *e)
{
    int r = call_check(c, command->needs, e);

    if (r < 0)
        return r;
    r = config_read(c->input.data ? c->input.data : "", c->input.len, c->args, command->use,
                    &c->config, e);
    open_log(c);
    log_line(&c->log, LOG_LEVEL_DEBUG, "function called", "func", command->func, "args.Path",
             c->path, "args.StdinData", c->input.data ? c->input.data : "", "args.Args", c->args,
             NULL);
    if (r < 0)
        return r;
    if (c->config.version < command->since) {
        cni_fail(e, CNI_INCOMPATIBLE_VERSION, 0, "cniVersion: %s has no %s, it came with %s",
                 version_name(c->config.version), command->name, version_name(command->since));
        return -EPROTONOSUPPORT;
    }
    return backend_linux(NULL, &c->backend) < 0 ? cni_no_memory(e) : 0;
}

static int64_t milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The one line that every call leaves. */
static void log_outcome(const struct cni_call *c, const struct command *command, int64_t since,
                        bool done, const struct cni_error *e)
{
    char took[24], code[12], msg[24];

    snprintf(took, sizeof(took), "%lld", (long long)(milliseconds() - since));
    snprintf(code, sizeof(code), "%u", e->code);
    snprintf(msg, sizeof(msg), "%s %s", command->name, done ? "done" : "failed");
    if (!done)
        log_line(&c->log, LOG_LEVEL_ERROR, msg, "func", command->func, "deviceID",
                 c->config.device_id, "ms", took, "code", code, "error", e->msg, "details",
                 e->details, NULL);
    else
        log_line(&c->log, LOG_LEVEL_INFO, msg, "func", command->func, "deviceID",
                 c->config.device_id, "ms", took, NULL);
}

static int run(struct cni_call *c, struct buf *out, struct cni_error *e)
{
    const struct command *command = find_command(c, e);
    int64_t since = milliseconds();
    int r;

    if (!command)
        return -EINVAL;
    r = call_read_input(c, STDIN_FILENO, e);
    if (command->run == command_version)
        return command_version(c, out, e);
    if (r >= 0)
        r = prepare(c, command, e);
    if (r >= 0)
        r = command->run(c, out, e);
    log_outcome(c, command, since, r >= 0, e);
    return r;
}

/* All memory from one brk(): a program that lives this short gives nothing back, and a page that is
 * never touched costs nothing. So a PF with 1,000 VFs takes no more system calls than one with 1.
 */
static void take_memory_at_once(void)
{
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TOP_PAD, 4 << 20);
}

int main(void)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct cni_error error = { 0 };
    struct cni_call call;
    int r;

    take_memory_at_once();
    call_init(&call, getenv);
    r = run(&call, &out, &error);
    if (r < 0) {
        buf_done(&out);
        cni_error_write(&error, version_name(call.config.version), &out);
    }
    if (file_write_all(STDOUT_FILENO, out.data, out.len) < 0)
        r = -EIO;
    call_done(&call);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
