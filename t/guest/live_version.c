// SPDX-License-Identifier: GPL-2.0-only
/* live_version.c - a livepatch of /proc/version */
#define LIVE version
#include "live.c"
