/* The configuration file: [littled] with options, [route PREFIX] with apps. */
#ifndef CONF_INIFILE_H
#define CONF_INIFILE_H

#include "conf/conf.h"

/* The longest line, and the largest file. */
#define INIFILE_LINE_BYTES_MAX 16384
#define INIFILE_BYTES_MAX (1 << 20)

/*
 * Applies the file conf->file.  0, or -1 when it is refused (said on standard error).
 *
 * Syntax: "key = value" or "key: value" at the start of a line; comments are lines that begin
 * with ';' or '#'.  No continuation lines, no comments behind values, no quotes.
 */
int inifile_apply(struct conf *c);

#endif
