/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Functions nobody calls here, because they cannot be told the size of what they write, keep hidden
 * state, hide errors or start a shell. The build puts this file before every own source (-include),
 * so that a call is a compile error which says what to use. The headers that declare them come
 * first: system headers stay as they are.
 */
#pragma once

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* The macros take the call only: a struct member or a string with such a name is no matter. */
#define BANNED(name, instead)                                                                      \
    ({                                                                                             \
        _Static_assert(0, name "() is banned: " instead);                                          \
        0;                                                                                         \
    })

#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef stpcpy
#undef sprintf
#undef vsprintf
#undef gets
#undef strtok
#undef atoi
#undef atol
#undef atoll
#undef system
#undef popen
#undef mktemp
#undef tmpnam

#define strcpy(...) BANNED("strcpy", "use strdup, snprintf or a buffer that knows its size")
#define strcat(...) BANNED("strcat", "use a buffer that knows its size")
#define strncpy(...) BANNED("strncpy", "it may leave the end off; use snprintf")
#define strncat(...) BANNED("strncat", "use a buffer that knows its size")
#define stpcpy(...) BANNED("stpcpy", "use a buffer that knows its size")
#define sprintf(...) BANNED("sprintf", "use snprintf")
#define vsprintf(...) BANNED("vsprintf", "use vsnprintf")
#define gets(...) BANNED("gets", "use getline")
#define strtok(...) BANNED("strtok", "it keeps hidden state; use strsep or strtok_r")
#define atoi(...) BANNED("atoi", "it hides errors; use strtol and check")
#define atol(...) BANNED("atol", "it hides errors; use strtol and check")
#define atoll(...) BANNED("atoll", "it hides errors; use strtoll and check")
#define system(...) BANNED("system", "it starts a shell; use posix_spawn")
#define popen(...) BANNED("popen", "it starts a shell; use posix_spawn")
#define mktemp(...) BANNED("mktemp", "use mkstemp")
#define tmpnam(...) BANNED("tmpnam", "use mkstemp")
