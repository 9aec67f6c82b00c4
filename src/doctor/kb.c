/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Placeholder until the pages are compiled in.
 */
#include "doctor/doctor.h"

const char *kb_page(const char *id)
{
    return NULL;
}
