/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The file of tokens. A token is 256 random bits, so one round of SHA-256 with a salt is enough:
 * there is nothing to guess. Lines that are no tokens (comments, empty ones) are kept when the file
 * is written anew. The only user of GnuTLS.
 */
#include "daemon/token.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/file.h"

#define PREFIX "sriov_"
#define FILE_LIMIT (1u << 20)
#define SECRET 32 /* bytes */
#define FIELDS 5

bool token_name_is_good(const char *name)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t len = strlen(name);
    return len > 0 && len < TOKEN_NAME_SIZE && strspn(name, good) == len;
}

static int hash(const struct token *t, const char *text, uint8_t ret[TOKEN_HASH])
{
    gnutls_hash_hd_t h;
    if (gnutls_hash_init(&h, GNUTLS_DIG_SHA256) < 0)
        return -ENOMEM;
    int r = gnutls_hash(h, t->salt, sizeof(t->salt));
    if (r >= 0)
        r = gnutls_hash(h, text, strlen(text));
    gnutls_hash_deinit(h, ret);
    return r < 0 ? -EIO : 0;
}

/* ---- reading ---- */

void tokens_done(struct tokens *t)
{
    free(t->items);
    *t = (struct tokens){ 0 };
}

static bool take_hex(const char *text, uint8_t *ret, size_t size)
{
    _cleanup_buf_ struct buf bytes = BUF_INIT;
    if (buf_add_from_hex(&bytes, text, strlen(text)) < 0 || bytes.len != size)
        return false;
    memcpy(ret, bytes.data, size);
    return true;
}

/* Cuts a line at its blanks; how many fields there are, FIELDS + 1 for too many. */
static size_t cut(char *line, char *fields[FIELDS])
{
    size_t n = 0;
    while (line) {
        char *field = strsep(&line, " \t");
        if (*field && n < FIELDS)
            fields[n] = field;
        n += *field != '\0';
    }
    return MIN_OF(n, (size_t)FIELDS + 1);
}

/* 1 and a token, 0 for a line without one, or -EINVAL. */
static int parse(char *line, struct token *ret)
{
    char *f[FIELDS];
    uint64_t expires = 0;
    struct token t = { 0 };
    size_t n = cut(line, f);
    if (n == 0 || *f[0] == '#')
        return 0;
    if ((n != FIELDS - 1 && n != FIELDS) || !token_name_is_good(f[0]) ||
        role_from_name(f[1], &t.role) < 0 || !take_hex(f[2], t.salt, sizeof(t.salt)) ||
        !take_hex(f[3], t.hash, sizeof(t.hash)) ||
        (n == FIELDS && str_to_u64(f[4], INT64_MAX, &expires) < 0))
        return -EINVAL;
    STR_SET(t.name, f[0]);
    t.expires = (int64_t)expires;
    *ret = t;
    return 1;
}

static int add_token(struct tokens *all, const struct token *t)
{
    struct token *items = reallocarray(all->items, all->count + 1, sizeof(*items));
    if (!items)
        return -ENOMEM;
    all->items = items;
    items[all->count++] = *t;
    return 0;
}

static const struct token *named(const struct tokens *all, const char *name)
{
    for (size_t i = 0; i < all->count; i++) {
        if (str_eq(all->items[i].name, name))
            return &all->items[i];
    }
    return NULL;
}

static int wrong_line(const char *path, unsigned line, const char *what, struct sriov_error *error)
{
    char place[128];
    snprintf(place, sizeof(place), "%s:%u", path, line);
    error_set(error, SRIOV_USAGE, 0, place, "%s", what);
    error_remedy(error,
                 "a line is NAME read|operate|admin SALT HASH [EXPIRES]; sriovd token writes it");
    return -EINVAL;
}

static int add_line(struct tokens *all, char *line, const char *path, unsigned number,
                    struct sriov_error *error)
{
    struct token t;
    int r = parse(line, &t);
    if (r < 0)
        return wrong_line(path, number, "no token", error);
    if (r > 0 && named(all, t.name))
        return wrong_line(path, number, "a second token of that name", error);
    if (r > 0 && add_token(all, &t) < 0)
        return error_no_memory(error);
    return 0;
}

static int parse_all(char *text, const char *path, struct tokens *ret, struct sriov_error *error)
{
    _cleanup_tokens_ struct tokens all = { 0 };
    unsigned number = 0;
    while (text) {
        char *line = strsep(&text, "\n");
        int r = add_line(&all, line, path, ++number, error);
        if (r < 0)
            return r;
    }
    *ret = all;
    all = (struct tokens){ 0 };
    return 0;
}

/* Who can write the file makes himself admin; who can read it can try tokens without being seen. */
static int check_owner(int fd, const char *path, struct sriov_error *error)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return error_set(error, SRIOV_FAILED, errno, path, "the tokens cannot be read");
    if (S_ISREG(st.st_mode) && (st.st_uid == 0 || st.st_uid == geteuid()) &&
        (st.st_mode & (S_IRWXG | S_IRWXO)) == 0)
        return 0;
    error_set(error, SRIOV_NOT_PERMITTED, 0, path, "others than root can get at the tokens");
    error_remedy(error, "chown root %s; chmod 600 %s", path, path);
    return -EPERM;
}

/* Empty for a file that is not there. */
static int read_text(const char *path, char **ret, struct sriov_error *error)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == ENOENT) {
        *ret = strdup("");
        return *ret ? 0 : error_no_memory(error);
    }
    if (fd < 0)
        return error_set(error, error_code_of(errno), errno, path, "the tokens cannot be read");
    int r = check_owner(fd, path, error);
    if (r < 0)
        return r;
    r = file_read_fd(fd, FILE_LIMIT, ret, NULL);
    return r < 0 ? error_set(error, SRIOV_FAILED, -r, path, "the tokens cannot be read") : 0;
}

int tokens_read(const char *path, struct tokens *ret, struct sriov_error *error)
{
    _cleanup_free_ char *text = NULL;
    int r = read_text(path, &text, error);
    return r < 0 ? r : parse_all(text, path, ret, error);
}

/* Each one is looked at, and each whole. */
const struct token *tokens_find(const struct tokens *t, const char *text, int64_t now)
{
    const struct token *found = NULL;
    if (strlen(text) >= TOKEN_TEXT_SIZE)
        return NULL;
    for (size_t i = 0; i < t->count; i++) {
        const struct token *one = &t->items[i];
        uint8_t is[TOKEN_HASH] = { 0 };
        bool hashed = hash(one, text, is) >= 0;
        if (gnutls_memcmp(is, one->hash, sizeof(is)) == 0 && hashed)
            found = one;
    }
    return found && (found->expires == 0 || now < found->expires) ? found : NULL;
}

/* ---- writing ---- */

/* Base64 with the letters for URLs and without padding: a double click takes it whole. */
static int make_text(char ret[TOKEN_TEXT_SIZE])
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint8_t secret[SECRET + 1] = { 0 };
    char *at = ret + sizeof(PREFIX) - 1;
    if (gnutls_rnd(GNUTLS_RND_KEY, secret, SECRET) < 0)
        return -EIO;
    memcpy(ret, PREFIX, sizeof(PREFIX));
    for (size_t bit = 0; bit < SECRET * 8; bit += 6) {
        unsigned two = (unsigned)secret[bit / 8] << 8 | secret[bit / 8 + 1];
        *at++ = letters[two >> (10 - bit % 8) & 63];
    }
    *at = '\0';
    return 0;
}

static int make(const char *name, enum role role, int64_t expires, struct token *ret,
                char text[TOKEN_TEXT_SIZE])
{
    struct token t = { .role = role, .expires = expires };
    int r = make_text(text);
    STR_SET(t.name, name);
    if (r >= 0 && gnutls_rnd(GNUTLS_RND_NONCE, t.salt, sizeof(t.salt)) < 0)
        r = -EIO;
    if (r >= 0)
        r = hash(&t, text, t.hash);
    if (r >= 0)
        *ret = t;
    return r;
}

static void write_line(struct buf *out, const struct token *t)
{
    buf_printf(out, "%s %s ", t->name, role_name(t->role));
    buf_add_hex(out, t->salt, sizeof(t->salt));
    buf_add_char(out, ' ');
    buf_add_hex(out, t->hash, sizeof(t->hash));
    if (t->expires > 0)
        buf_printf(out, " %lld", (long long)t->expires);
    buf_add_char(out, '\n');
}

/* All lines but the token of that name. */
static void copy_lines(struct buf *out, const char *text, const char *but)
{
    size_t name = but ? strlen(but) : 0;
    while (*text) {
        size_t len = strcspn(text, "\n");
        const char *start = text + strspn(text, " \t");
        bool is_it = but && strncmp(start, but, name) == 0 && strchr(" \t", start[name]);
        if (!is_it)
            buf_add(out, text, len);
        if (!is_it)
            buf_add_char(out, '\n');
        text += len + (text[len] == '\n');
    }
}

static int replace(const char *path, const struct buf *text, struct sriov_error *error)
{
    int r = buf_ok(text);
    if (r >= 0)
        r = file_replace(path, text->len > 0 ? text->data : "", text->len, 0600);
    if (r >= 0)
        return 0;
    error_set(error, error_code_of(-r), -r, path, "the tokens cannot be written");
    return r;
}

/* Two who change the file at once would lose one change: the folder's lock, until it is closed. */
static int lock(const char *path, struct sriov_error *error)
{
    _cleanup_free_ char *folder = strndup(path, (size_t)(str_base_name(path) - path));
    if (!folder)
        return error_no_memory(error);
    int r = *folder ? file_make_dirs(folder, 0755) : 0;
    if (r < 0)
        return error_set(error, error_code_of(-r), -r, folder, "cannot make the folder");
    _cleanup_close_ int fd = open(*folder ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX) < 0)
        return error_set(error, error_code_of(errno), errno, folder, "cannot lock the folder");
    return TAKE_FD(fd);
}

int token_add(const char *path, const char *name, enum role role, int64_t expires,
              char ret[TOKEN_TEXT_SIZE], struct sriov_error *error)
{
    _cleanup_close_ int locked = lock(path, error);
    _cleanup_free_ char *text = NULL;
    _cleanup_tokens_ struct tokens all = { 0 };
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct token t;
    int r = locked < 0 ? locked : tokens_read(path, &all, error);
    if (r >= 0)
        r = read_text(path, &text, error);
    if (r < 0)
        return r;
    if (named(&all, name)) {
        error_set(error, SRIOV_USAGE, 0, name, "there is a token of that name");
        error_remedy(error, "remove it first, or choose another name");
        return -EEXIST;
    }
    r = make(name, role, expires, &t, ret);
    if (r < 0)
        return error_set(error, SRIOV_FAILED, -r, name, "GnuTLS gives no random numbers");
    copy_lines(&out, text, NULL);
    write_line(&out, &t);
    return replace(path, &out, error);
}

int token_remove(const char *path, const char *name, struct sriov_error *error)
{
    _cleanup_close_ int locked = lock(path, error);
    _cleanup_free_ char *text = NULL;
    _cleanup_tokens_ struct tokens all = { 0 };
    _cleanup_buf_ struct buf out = BUF_INIT;
    int r = locked < 0 ? locked : tokens_read(path, &all, error);
    if (r >= 0)
        r = read_text(path, &text, error);
    if (r < 0)
        return r;
    if (!named(&all, name)) {
        error_set(error, SRIOV_USAGE, 0, name, "there is no token of that name");
        return -ENOENT;
    }
    copy_lines(&out, text, name);
    return replace(path, &out, error);
}
