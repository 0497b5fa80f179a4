// SPDX-License-Identifier: GPL-2.0-only
/* live_cmdline.c - a livepatch of /proc/cmdline */
#define LIVE cmdline
#include "live.c"
