/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bfd-wrap.h - <bfd.h>, which insists on a config.h having been included
 */
#ifndef OBJMANIP_UTIL_BFD_WRAP_H
#define OBJMANIP_UTIL_BFD_WRAP_H

#ifndef PACKAGE
#define PACKAGE "ksplice"
#define PACKAGE_VERSION "1"
#endif
#include <bfd.h>

#endif
