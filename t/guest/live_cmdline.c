// SPDX-License-Identifier: GPL-2.0-only
/* live_cmdline.c - a live patch of what /proc/cmdline shows */
#define LIVE cmdline
#include "live.c"
