/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What every fuzz target defines: one call with any bytes. It must return 0, leak nothing and keep
 * no state between calls. The linked main is libFuzzer's (make fuzz) or run-corpus.c (make check).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
