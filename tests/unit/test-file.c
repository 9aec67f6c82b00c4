/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whole files, in a folder of their own that is removed again: limits at their edge, what is no
 * file, and that a replaced file is whole, has its mode and leaves no temporary neighbour behind.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

struct place {
    char path[64];
    int fd;
};

static int make_place(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    if (!p || !STR_SET(p->path, "/tmp/test-file-XXXXXX") || !mkdtemp(p->path))
        return -1;
    p->fd = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = p;
    return p->fd < 0 ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

static int remove_place(void **state)
{
    struct place *p = *state;
    close(p->fd);
    int r = nftw(p->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(p);
    return r;
}

static void put(const struct place *p, const char *name, const void *data, size_t len)
{
    _cleanup_close_ int fd = openat(p->fd, name, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), len);
}

static char *in(const struct place *p, const char *name)
{
    char *path = NULL;
    assert_true(asprintf(&path, "%s/%s", p->path, name) > 0);
    return path;
}

static void test_read_ends_at_the_limit(void **state)
{
    static char big[8193];
    static const size_t sizes[] = { 0, 1, 5, 8191, 8192, 8193 };
    memset(big, 'x', sizeof(big));
    for (size_t i = 0; i < ELEMENTS(sizes); i++) {
        _cleanup_free_ char *text = NULL;
        size_t len = 99;
        put(*state, "f", big, sizes[i]);
        int fd = ((struct place *)*state)->fd;
        if (sizes[i] > 0)
            assert_int_equal(file_read_at(fd, "f", sizes[i] - 1, &text, &len), -EFBIG);
        assert_null(text);
        assert_int_equal(len, 99);
        assert_int_equal(file_read_at(fd, "f", sizes[i], &text, &len), 0);
        assert_int_equal(len, sizes[i]);
        assert_int_equal(strlen(text), len);
    }
}

static void test_read_keeps_nul_bytes(void **state)
{
    struct place *p = *state;
    _cleanup_free_ char *text = NULL;
    size_t len = 0;
    put(p, "f", "a\0b\n", 4);
    assert_int_equal(file_read_at(p->fd, "f", SIZE_MAX, &text, &len), 0);
    assert_int_equal(len, 4);
    assert_memory_equal(text, "a\0b\n", 5);
}

static void test_read_of_proc(void **state)
{
    _cleanup_free_ char *text = NULL;
    assert_int_equal(file_read_at(AT_FDCWD, "/proc/self/status", 65536, &text, NULL), 0);
    assert_true(str_starts(text, "Name:"));
}

static void test_read_of_what_is_no_file(void **state)
{
    struct place *p = *state;
    char *text = NULL;
    assert_int_equal(file_read_at(p->fd, ".", 10, &text, NULL), -EISDIR);
    assert_int_equal(file_read_at(p->fd, "none", 10, &text, NULL), -ENOENT);
    assert_int_equal(file_read_at(AT_FDCWD, "/dev/zero", 100, &text, NULL), -EFBIG);
    assert_null(text);
}

static void test_read_of_a_fifo_does_not_wait(void **state)
{
    struct place *p = *state;
    _cleanup_free_ char *text = NULL;
    assert_int_equal(mkfifoat(p->fd, "fifo", 0600), 0);
    assert_int_equal(file_read_at(p->fd, "fifo", 10, &text, NULL), 0);
    assert_string_equal(text, "");
}

/* Writes once the reader sleeps, or after a while if it never does. */
static void write_late(int fd, pid_t reader)
{
    char path[32], state = 0;
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)reader);
    for (int i = 0; i < 100000 && state != 'S'; i++) {
        _cleanup_free_ char *text = NULL;
        if (file_read_at(AT_FDCWD, path, 4096, &text, NULL) == 0)
            state = strrchr(text, ')')[2];
    }
    _exit(write(fd, "late", 4) == 4 ? 0 : 1);
}

static void test_read_of_a_pipe_waits_for_its_writer(void **state)
{
    _cleanup_free_ char *text = NULL;
    char path[32];
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t reader = getpid(), writer = fork();
    assert_true(writer >= 0);
    if (writer == 0)
        write_late(ends[1], reader);
    close(ends[1]);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
    int r = file_read_at(AT_FDCWD, path, 10, &text, NULL);
    close(ends[0]);
    assert_int_equal(waitpid(writer, &status, 0), writer);
    assert_int_equal(r, 0);
    assert_string_equal(text, "late");
    assert_int_equal(status, 0);
}

static void test_write_replaces_the_text(void **state)
{
    struct place *p = *state;
    _cleanup_free_ char *text = NULL;
    put(p, "numvfs", "16\n", 3);
    assert_int_equal(file_write_at(p->fd, "numvfs", "4", 1), 0);
    assert_int_equal(file_read_at(p->fd, "numvfs", 10, &text, NULL), 0);
    assert_string_equal(text, "4");
}

static void test_write_makes_no_file(void **state)
{
    struct place *p = *state;
    assert_int_equal(file_write_at(p->fd, "none", "4", 1), -ENOENT);
    assert_int_equal(file_write_at(p->fd, ".", "4", 1), -EISDIR);
    assert_int_equal(file_write_at(AT_FDCWD, "/dev/full", "4", 1), -ENOSPC);
}

static void test_link(void **state)
{
    struct place *p = *state;
    _cleanup_free_ char *target = NULL;
    put(p, "plain", "", 0);
    assert_int_equal(symlinkat("../../bus/pci/drivers/igb", p->fd, "driver"), 0);
    assert_int_equal(file_link_at(p->fd, "plain", &target), -EINVAL);
    assert_int_equal(file_link_at(p->fd, "none", &target), -ENOENT);
    assert_null(target);
    assert_int_equal(file_link_at(p->fd, "driver", &target), 0);
    assert_string_equal(target, "../../bus/pci/drivers/igb");
}

static void test_list_is_in_natural_order(void **state)
{
    struct place *p = *state;
    static const char *const names[] = { "virtfn10", ".hidden", "virtfn2", "virtfn0" };
    static const char *const want[] = { ".hidden", "virtfn0", "virtfn2", "virtfn10" };
    for (size_t i = 0; i < ELEMENTS(names); i++)
        put(p, names[i], "", 0);
    _cleanup_strv_ struct strv v = STRV_INIT;
    assert_int_equal(file_list_at(p->fd, ".", &v), 0);
    assert_int_equal(v.count, ELEMENTS(want));
    for (size_t i = 0; i < v.count; i++)
        assert_string_equal(v.items[i], want[i]);
}

static void test_list_of_nothing(void **state)
{
    struct place *p = *state;
    _cleanup_strv_ struct strv v = STRV_INIT;
    assert_int_equal(file_list_at(p->fd, ".", &v), 0);
    assert_int_equal(v.count, 0);
    put(p, "f", "", 0);
    assert_int_equal(file_list_at(p->fd, "f", &v), -ENOTDIR);
    assert_int_equal(file_list_at(p->fd, "none", &v), -ENOENT);
}

static void test_replace_gives_contents_and_mode(void **state)
{
    struct place *p = *state;
    _cleanup_free_ char *path = in(p, "policy"), *text = NULL;
    mode_t mask = umask(077);
    assert_int_equal(file_replace(path, "one", 3, 0644), 0);
    assert_int_equal(file_replace(path, "second", 6, 0640), 0);
    umask(mask);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(file_read_at(AT_FDCWD, path, 100, &text, NULL), 0);
    assert_string_equal(text, "second");
}

static void test_replace_leaves_no_temporary_file(void **state)
{
    struct place *p = *state;
    _cleanup_free_ char *folder = in(p, "d"), *missing = in(p, "none/f"), *slash = in(p, "d/");
    _cleanup_strv_ struct strv v = STRV_INIT;
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(file_replace(folder, "x", 1, 0600), -EISDIR); /* rename refuses */
    assert_int_equal(file_replace(slash, "x", 1, 0600), -EISDIR);
    assert_int_equal(file_replace(missing, "x", 1, 0600), -ENOENT);
    assert_int_equal(file_list_at(p->fd, ".", &v), 0);
    assert_int_equal(v.count, 1);
}

static void test_replace_without_a_folder_in_the_path(void **state)
{
    struct place *p = *state;
    _cleanup_close_ int back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(fchdir(p->fd), 0);
    int r = file_replace("here", "", 0, 0600);
    assert_int_equal(fchdir(back), 0);
    assert_int_equal(r, 0);
    assert_int_equal(faccessat(p->fd, "here", F_OK, 0), 0);
}

static void test_make_dirs(void **state)
{
    struct place *p = *state;
    _cleanup_free_ char *deep = in(p, "a/b//c/"), *file = in(p, "f"), *under = in(p, "f/x/y");
    assert_int_equal(file_make_dirs(deep, 0750), 0);
    assert_int_equal(file_make_dirs(deep, 0750), 0);
    struct stat st;
    assert_int_equal(stat(deep, &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    put(p, "f", "", 0);
    assert_int_equal(file_make_dirs(file, 0750), -ENOTDIR);
    assert_int_equal(file_make_dirs(under, 0750), -ENOTDIR);
    assert_int_equal(file_make_dirs("", 0750), -ENOENT);
    assert_int_equal(file_make_dirs("/", 0750), 0);
}

#define HERE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HERE(test_read_ends_at_the_limit),
        HERE(test_read_keeps_nul_bytes),
        HERE(test_read_of_proc),
        HERE(test_read_of_what_is_no_file),
        HERE(test_read_of_a_fifo_does_not_wait),
        HERE(test_read_of_a_pipe_waits_for_its_writer),
        HERE(test_write_replaces_the_text),
        HERE(test_write_makes_no_file),
        HERE(test_link),
        HERE(test_list_is_in_natural_order),
        HERE(test_list_of_nothing),
        HERE(test_replace_gives_contents_and_mode),
        HERE(test_replace_leaves_no_temporary_file),
        HERE(test_replace_without_a_folder_in_the_path),
        HERE(test_make_dirs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
