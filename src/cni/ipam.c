/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Running the IPAM plugin. It gets the configuration in a memory file, so that neither side waits
 * for the other whatever its length, and answers through a pipe that is read up to a limit. How
 * long it takes is its own affair (dhcp waits for a server); the runtime has a clock for the whole
 * call.
 */
#include "cni/ipam.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json-read.h"

#define COMMAND_VARIABLE "CNI_COMMAND="

DEFINE_CLEANUP(posix_spawn_file_actions_t *, posix_spawn_file_actions_destroy)
DEFINE_CLEANUP(posix_spawnattr_t *, posix_spawnattr_destroy)

static int find_plugin(const struct cni_call *c, char ret[PATH_MAX], struct cni_error *e)
{
    _cleanup_strv_ struct strv folders = STRV_INIT;

    if (strv_split(&folders, c->path, ':') < 0)
        return cni_no_memory(e);
    for (size_t i = 0; i < folders.count; i++) {
        if (*folders.items[i] &&
            snprintf(ret, PATH_MAX, "%s/%s", folders.items[i], c->config.ipam) < PATH_MAX &&
            access(ret, X_OK) == 0)
            return 0;
    }
    cni_fail(e, CNI_INVALID_CONFIG, 0, "ipam.type: plugin \"%s\" is not in CNI_PATH (%.200s)",
             c->config.ipam, c->path);
    cni_details(e, "install the plugin, or correct ipam.type");
    return -ENOENT;
}

/* Our environment with another command in it, into `ret` (freed by the caller; its texts are not
 * copies). `variable` holds the command. */
static int make_environment(char *variable, char ***ret)
{
    size_t count = 0, n = 0;
    char **list;

    while (environ[count])
        count++;
    list = calloc(count + 2, sizeof(*list));
    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        if (!str_starts(environ[i], COMMAND_VARIABLE))
            list[n++] = environ[i];
    }
    list[n] = variable;
    *ret = list;
    return 0;
}

static int open_input(const struct cni_call *c)
{
    _cleanup_close_ int fd = memfd_create("cni", MFD_CLOEXEC);
    int r;

    if (fd < 0)
        return -errno;
    r = file_write_all(fd, c->input.data, c->input.len);
    if (r < 0)
        return r;
    return lseek(fd, 0, SEEK_SET) < 0 ? -errno : TAKE_FD(fd);
}

static int start(const char *path, char **environment, int input, int output, pid_t *ret)
{
    posix_spawn_file_actions_t actions;
    _cleanup_(posix_spawn_file_actions_destroy_p) posix_spawn_file_actions_t *actions_owner = NULL;
    posix_spawnattr_t attr;
    _cleanup_(posix_spawnattr_destroy_p) posix_spawnattr_t *attr_owner = NULL;
    char *const argv[] = { (char *)path, NULL };
    sigset_t pipe;

    if (posix_spawn_file_actions_init(&actions) != 0)
        return -ENOMEM;
    actions_owner = &actions;
    if (posix_spawnattr_init(&attr) != 0)
        return -ENOMEM;
    attr_owner = &attr;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    posix_spawnattr_setsigdefault(&attr, &pipe);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
    if (posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) != 0)
        return -ENOMEM;
    return -posix_spawn(ret, path, &actions, &attr, argv, environment);
}

/* -EFBIG for a plugin that does not stop: it gets SIGPIPE when the pipe is closed. */
static int read_output(int fd, struct buf *ret)
{
    char chunk[4096];
    ssize_t n;

    while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        buf_add(ret, chunk, (size_t)n);
        if (ret->len > result_limits.bytes)
            return -EFBIG;
    }
    return buf_ok(ret);
}

/* Runs it to its end; *ret_status as of waitpid(2). */
static int run(const struct cni_call *c, const char *path, char **environment, struct buf *output,
               int *ret_status)
{
    _cleanup_close_ int input = open_input(c), reader = -1, writer = -1;
    int ends[2], r, waited;
    pid_t pid;

    if (input < 0)
        return input;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    reader = ends[0];
    writer = ends[1];
    r = start(path, environment, input, writer, &pid);
    if (r < 0)
        return r;
    close(TAKE_FD(writer));
    r = read_output(reader, output);
    close(TAKE_FD(reader));
    do
        waited = waitpid(pid, ret_status, 0);
    while (waited < 0 && errno == EINTR);
    return waited < 0 ? -errno : r;
}

int ipam_error(const char *name, const char *text, size_t len, int status, struct cni_error *e)
{
    _cleanup_node_ struct node *document = NULL;
    const char *msg = NULL, *details = NULL;
    uint64_t code = CNI_FAILED;

    if (json_read(text ? text : "", len, &result_limits, &document, NULL) == 0) {
        const struct node *n = node_get(document, "code");
        msg = node_get_text(document, "msg");
        details = node_get_text(document, "details");
        if (!n || node_to_u64(n, UINT32_MAX, &code) < 0 || code == 0)
            code = CNI_FAILED;
    }
    if (msg)
        cni_fail(e, (enum cni_code)code, 0, "IPAM plugin %s: %.400s", name, msg);
    else if (WIFSIGNALED(status))
        cni_fail(e, CNI_FAILED, 0, "IPAM plugin %s: killed by signal %d", name, WTERMSIG(status));
    else
        cni_fail(e, CNI_FAILED, 0, "IPAM plugin %s: ended with status %d and said nothing why",
                 name, WEXITSTATUS(status));
    cni_details(e, "%s", details ? details : "");
    return -EIO;
}

static int run_plugin(const struct cni_call *c, const char *command, struct buf *output,
                      struct cni_error *e)
{
    char path[PATH_MAX], variable[sizeof(COMMAND_VARIABLE) + 16];
    _cleanup_free_ char **environment = NULL;
    int status = 0, r;

    r = find_plugin(c, path, e);
    if (r < 0)
        return r;
    snprintf(variable, sizeof(variable), COMMAND_VARIABLE "%s", command);
    if (make_environment(variable, &environment) < 0)
        return cni_no_memory(e);
    r = run(c, path, environment, output, &status);
    if (r == -EFBIG)
        return cni_fail(e, CNI_DECODING_FAILURE, EFBIG, "IPAM plugin %s: said more than %zu bytes",
                        c->config.ipam, result_limits.bytes);
    if (r < 0) {
        cni_fail(e, CNI_FAILED, 0, "IPAM plugin %s: cannot be run: %s", path, strerrordesc_np(-r));
        return r;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return ipam_error(c->config.ipam, output->data, output->len, status, e);
    return 0;
}

int ipam_run(const struct cni_call *c, const char *command, struct cni_addressing *ret,
             struct cni_error *e)
{
    _cleanup_buf_ struct buf output = BUF_INIT;
    int r;

    if (!c->config.ipam[0])
        return 0;
    r = run_plugin(c, command, &output, e);
    if (r < 0 || !ret)
        return r;
    return addressing_read(output.data ? output.data : "", output.len, ret, e);
}
