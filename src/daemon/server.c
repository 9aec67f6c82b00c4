/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where the API is listened for: the sockets that systemd hands over, else a Unix socket of our
 * own, and a TCP port with TLS if the settings name one. A socket of the socket unit that is not a
 * Unix socket gets TLS, too: nothing is ever served over TCP in the clear.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/file.h"
#include "daemon/daemon.h"
#include "daemon/service.h"

#define SERVERS 4
#define BACKLOG 1024
#define PEM_LIMIT (256u << 10)
#define US_PER_MS UINT64_C(1000)

struct server {
    struct http_server *http;
    struct source *readable, *timer;
};

struct servers {
    struct server items[SERVERS];
    size_t count;
    const char *own; /* path of the socket that we made; NULL: systemd's */
};

/* ---- running one on the loop ---- */

static void run(void *userdata)
{
    struct server *s = userdata;
    int wait;

    http_server_run(s->http);
    wait = http_server_wait(s->http);
    if (wait < 0)
        loop_timer_stop(s->timer);
    else
        loop_timer_set(s->timer, (uint64_t)wait * US_PER_MS);
}

static void on_readable(void *userdata, uint32_t events)
{
    run(userdata);
}

static int add(struct servers *s, struct daemon *d, int fd, const struct http_tls *tls,
               struct sriov_error *error)
{
    struct server *server = &s->items[s->count];
    const struct http_options options = {
        .listen_fd = fd,
        .tls = tls,
        .limits = config_limits(&d->config),
        .handler = api_handle,
        .refused = api_refused,
        .userdata = d->api,
    };
    char why[160] = "";
    int r;

    r = http_server_new(&options, &server->http, why, sizeof(why));
    if (r < 0)
        return error_set(error, SRIOV_FAILED, -r, tls ? d->config.listen : d->config.socket, "%s",
                         why);
    s->count++;
    r = loop_add_fd(d->loop, http_server_fd(server->http), EPOLLIN, on_readable, server,
                    &server->readable);
    if (r >= 0)
        r = loop_add_timer(d->loop, 0, run, server, &server->timer);
    return r < 0 ? error_set(error, SRIOV_FAILED, -r, "", "cannot wait for requests") : 0;
}

/* ---- sockets ---- */

/* One that a daemon which is gone left behind is removed; one that somebody answers on is not ours.
 */
static int remove_stale(const struct sockaddr_un *address, struct sriov_error *error)
{
    _cleanup_close_ int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (probe < 0)
        return error_set(error, SRIOV_FAILED, errno, address->sun_path, "cannot make a socket");
    if (connect(probe, (const struct sockaddr *)address, sizeof(*address)) == 0) {
        error_set(error, SRIOV_FAILED, EADDRINUSE, address->sun_path,
                  "another sriovd answers there");
        error_remedy(error, "end it first, or give another --socket");
        return -EADDRINUSE;
    }
    if (errno == ECONNREFUSED)
        unlink(address->sun_path);
    return 0;
}

static int make_folder_of(const char *path)
{
    char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];

    str_copy(folder, sizeof(folder), path);
    if (!strrchr(folder, '/'))
        return 0;
    *strrchr(folder, '/') = '\0';
    return *folder ? file_make_dirs(folder, 0755) : 0;
}

/* Everybody may connect; who may do what is decided by who he is. */
static int open_unix(const char *path, int *ret, struct sriov_error *error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    _cleanup_close_ int fd = -1;
    int r;

    if (strlen(path) >= sizeof(address.sun_path))
        return error_set(error, SRIOV_USAGE, ENAMETOOLONG, path, "cannot be a socket");
    STR_SET(address.sun_path, path);
    make_folder_of(path);
    r = remove_stale(&address, error);
    if (r < 0)
        return r;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        chmod(path, 0666) < 0 || listen(fd, BACKLOG) < 0)
        return error_set(error, error_code_of(errno), errno, path, "cannot listen there");
    *ret = TAKE_FD(fd);
    return 0;
}

/* "127.0.0.1:8443", "[::]:8443" to host and port. */
static bool split_address(const char *text, char host[64], char port[8])
{
    const char *colon = strrchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : 0;

    if (!colon || len == 0 || len >= 64 || strlen(colon + 1) >= 8 || !colon[1])
        return false;
    if (text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    memcpy(host, text, len);
    host[len] = '\0';
    str_copy(port, 8, colon + 1);
    return true;
}

static int open_tcp(const char *where, int *ret, struct sriov_error *error)
{
    const struct addrinfo hints = {
        .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
        .ai_socktype = SOCK_STREAM,
    };
    struct addrinfo *found = NULL;
    _cleanup_close_ int fd = -1;
    char host[64], port[8];
    const int on = 1;
    int r = 0;

    if (!split_address(where, host, port) || getaddrinfo(host, port, &hints, &found) != 0) {
        error_set(error, SRIOV_USAGE, 0, where, "is no address to listen on");
        error_remedy(error, "write one like 127.0.0.1:8443 or [::]:8443");
        return -EINVAL;
    }
    fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0)
        r = error_set(error, error_code_of(errno), errno, where, "cannot listen there");
    freeaddrinfo(found);
    if (r < 0)
        return r;
    *ret = TAKE_FD(fd);
    return 0;
}

static bool is_unix(int fd)
{
    int domain = 0;
    socklen_t len = sizeof(domain);

    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX;
}

/* ---- TLS ---- */

static int read_pem(const char *path, char **ret, struct sriov_error *error)
{
    int r = file_read_at(AT_FDCWD, path, PEM_LIMIT, ret, NULL);

    if (r >= 0)
        return 0;
    error_set(error, error_code_of(-r), -r, path,
              "cannot be read, and TCP is served with TLS only");
    error_remedy(error, "name certificate and key in sriovd.conf, or take listen out");
    return r;
}

static int add_tls(struct servers *s, struct daemon *d, int fd, struct sriov_error *error)
{
    _cleanup_free_ char *certificate = NULL, *key = NULL;
    _cleanup_close_ int owned = fd;
    int r;

    r = read_pem(d->config.certificate, &certificate, error);
    if (r >= 0)
        r = read_pem(d->config.key, &key, error);
    return r < 0 ? r : add(s, d, TAKE_FD(owned), &(struct http_tls){ certificate, key }, error);
}

/* ---- life ---- */

static int add_own(struct servers *s, struct daemon *d, struct sriov_error *error)
{
    int fd, r = open_unix(d->config.socket, &fd, error);

    if (r < 0)
        return r;
    s->own = d->config.socket;
    return add(s, d, fd, NULL, error);
}

static int add_activated(struct servers *s, struct daemon *d, const int *fds, int count,
                         struct sriov_error *error)
{
    int r = 0;

    for (int i = 0; r >= 0 && i < count; i++)
        r = is_unix(fds[i]) ? add(s, d, fds[i], NULL, error) : add_tls(s, d, fds[i], error);
    return r;
}

int servers_new(struct daemon *d, struct servers **ret, struct sriov_error *error)
{
    struct servers *s = calloc(1, sizeof(*s));
    int fds[SERVERS - 1], fd, r;

    if (!s)
        return error_no_memory(error);
    *ret = s;
    r = service_sockets(fds, ELEMENTS(fds));
    if (r < 0)
        return error_set(error, SRIOV_FAILED, -r, "", "cannot take the sockets of systemd");
    r = r > 0 ? add_activated(s, d, fds, r, error) : add_own(s, d, error);
    if (r < 0 || !d->config.listen[0])
        return r;
    r = open_tcp(d->config.listen, &fd, error);
    return r < 0 ? r : add_tls(s, d, fd, error);
}

struct servers *servers_free(struct servers *s)
{
    for (size_t i = 0; s && i < s->count; i++) {
        source_free(s->items[i].readable);
        source_free(s->items[i].timer);
        http_server_free(s->items[i].http);
    }
    if (s && s->own)
        unlink(s->own);
    free(s);
    return NULL;
}

unsigned servers_connections(const struct servers *s)
{
    unsigned sum = 0;

    for (size_t i = 0; s && i < s->count; i++)
        sum += http_server_connections(s->items[i].http);
    return sum;
}
