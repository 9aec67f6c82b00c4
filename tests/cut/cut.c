/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cut: kills a program at its N-th system call, or counts its calls, for the tests in the lab.
 *
 *     cut entry:N -- PROGRAM ARG…   SIGKILL in place of the N-th call
 *     cut exit:N -- PROGRAM ARG…    SIGKILL when the N-th call has been done
 *     cut count [-o FILE] [-v FILE] [-m FILE] -- PROGRAM ARG…
 *         -o  the number of calls
 *         -v  a line for each call, when it begins: its number and its name
 *         -m  the program's memory when it ends (smaps_rollup, then status, of /proc)
 *
 * Calls are counted from the return of execve on, over all threads of the program. What it forks
 * is left alone and not counted. Exit status: the program's, or 128 and the signal that ended it,
 * so 137 for one that was cut; 2: wrong usage, or ptrace does not work here.
 */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/str.h"

static const char *const call_names[] = {
#include "syscall-names.h"
};

enum where {
    NOWHERE, /* it only counts */
    ENTRY,
    EXIT,
};

struct cut {
    enum where where;
    uint64_t at;
    const char *count_file, *memory_file;
    FILE *log;
    pid_t program; /* its first thread */
    bool counting; /* execve is over */
    uint64_t calls;
    pid_t cutting; /* the thread that is in call `at`; 0 before that */
};

static FILE *create(const char *path)
{
    FILE *f = fopen(path, "we");

    if (!f)
        err(2, "%s", path);
    return f;
}

static void call_begins(struct cut *c, pid_t thread, uint64_t number)
{
    c->calls++;
    if (c->log)
        fprintf(c->log, "%lu %s\n", (unsigned long)c->calls,
                number < ELEMENTS(call_names) && call_names[number] ? call_names[number] : "?");
    if (c->where == NOWHERE || c->calls != c->at)
        return;
    c->cutting = thread;
    if (c->where == ENTRY)
        kill(c->program, SIGKILL);
}

static void call_stops(struct cut *c, pid_t thread)
{
    struct __ptrace_syscall_info info;

    if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, (void *)sizeof(info), &info) <= 0)
        return; /* killed meanwhile */
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
        call_begins(c, thread, info.entry.nr);
    else if (c->where == EXIT && thread == c->cutting)
        kill(c->program, SIGKILL);
}

static void copy_proc(pid_t pid, const char *name, FILE *to)
{
    _cleanup_(fclose_p) FILE *from = NULL;
    char path[64], line[256];

    snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    from = fopen(path, "re");
    if (!from)
        err(2, "%s", path);
    while (fgets(line, sizeof(line), from))
        fputs(line, to);
}

static void keep_memory(const struct cut *c)
{
    FILE *to = create(c->memory_file);

    copy_proc(c->program, "smaps_rollup", to);
    copy_proc(c->program, "status", to);
    fclose(to);
}

/* What a thread that stopped is told to go on with: a signal that came for it, or 0. */
static int signal_of(struct cut *c, pid_t thread, int status)
{
    int event = status >> 16;

    if (event == PTRACE_EVENT_EXEC)
        c->counting = true;
    else if (event == PTRACE_EVENT_EXIT && thread == c->program && c->memory_file)
        keep_memory(c);
    else if (!event && WSTOPSIG(status) == (SIGTRAP | 0x80))
        call_stops(c, thread);
    else if (!event)
        return WSTOPSIG(status);
    return 0;
}

/* Returns the wait status of the program. */
static int follow(struct cut *c)
{
    int status;
    pid_t thread;

    while ((thread = waitpid(-1, &status, __WALL)) > 0) {
        if (WIFSTOPPED(status)) {
            int deliver = signal_of(c, thread, status);

            ptrace(c->counting ? PTRACE_SYSCALL : PTRACE_CONT, thread, NULL, (long)deliver);
        } else if (thread == c->program) {
            return status;
        }
    }
    err(2, "waitpid");
}

/* Starts the program, which waits before its execve until it is traced. */
static void start(struct cut *c, char **argv)
{
    const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC |
                         PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXIT;
    int gate[2];
    char byte;

    if (pipe2(gate, O_CLOEXEC) < 0)
        err(2, "pipe2");
    c->program = fork();
    if (c->program < 0)
        err(2, "fork");
    if (c->program == 0) {
        close(gate[1]);
        if (read(gate[0], &byte, 1) == 0)
            execvp(argv[0], argv);
        err(127, "%s", argv[0]);
    }
    if (ptrace(PTRACE_SEIZE, c->program, NULL, options) < 0) {
        kill(c->program, SIGKILL);
        err(2, "PTRACE_SEIZE");
    }
    close(gate[0]);
    close(gate[1]);
}

static void parse_where(struct cut *c, const char *text)
{
    const char *number = strchr(text, ':');

    if (str_starts(text, "entry:"))
        c->where = ENTRY;
    else if (str_starts(text, "exit:"))
        c->where = EXIT;
    else if (str_eq(text, "count"))
        return;
    else
        errx(2, "%s: neither count nor entry:N nor exit:N", text);
    if (str_to_u64(number + 1, UINT32_MAX, &c->at) < 0 || c->at == 0)
        errx(2, "%s: not a number from 1 on", number + 1);
}

/* Returns the words of the program. */
static char **parse(struct cut *c, int argc, char **argv)
{
    int option;

    if (argc < 3)
        errx(2, "usage: cut entry:N|exit:N|count [-o FILE] [-v FILE] [-m FILE] -- PROGRAM ARG…");
    parse_where(c, argv[1]);
    while ((option = getopt(argc - 1, argv + 1, "+o:v:m:")) >= 0) {
        if (option == 'o')
            c->count_file = optarg;
        else if (option == 'v')
            c->log = create(optarg);
        else if (option == 'm')
            c->memory_file = optarg;
        else
            exit(2);
    }
    if (!argv[1 + optind])
        errx(2, "no program");
    return argv + 1 + optind;
}

int main(int argc, char **argv)
{
    struct cut c = { 0 };
    int status;

    start(&c, parse(&c, argc, argv));
    status = follow(&c);
    if (c.log)
        fclose(c.log);
    if (c.count_file) {
        FILE *f = create(c.count_file);

        fprintf(f, "%lu\n", (unsigned long)c.calls);
        fclose(f);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
