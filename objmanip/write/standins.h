/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * standins.h - exports of a built module that stand for what the kernel has
 */
#ifndef OBJMANIP_WRITE_STANDINS_H
#define OBJMANIP_WRITE_STANDINS_H

/*
 * Changes the module in the file: each stand-in becomes the symbol that it
 * stands for.  Returns NULL, or what is wrong with the module, which may have
 * been changed in part.
 */
const char *standins_resolve(const char *path);

#endif
