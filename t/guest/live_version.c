// SPDX-License-Identifier: GPL-2.0-only
/* live_version.c - a live patch of what /proc/version shows */
#define LIVE version
#include "live.c"
