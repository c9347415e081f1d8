/* What the options table is printed as. */
#ifndef CONF_PRINT_H
#define CONF_PRINT_H

#include <stdio.h>

#include "base/buf.h"
#include "conf/conf.h"

/* --help and --version.  Like all below: 0 or a negative errno value. */
int print_help(FILE *to);
int print_version(FILE *to);

/* An INI file that loads back as this very configuration; comments tell each value's origin. */
int print_config(const struct conf *c, FILE *to);

/* conf/littled.ini.example: every option as a comment, with its help, default and bounds. */
int conf_write_example(FILE *to);

/* conf/REFERENCE.md: tables, by group. */
int conf_write_reference(FILE *to);

/* For the manual pages (scdoc): the options as flags, with the actions, and as keys of the file. */
int conf_write_manual_flags(FILE *to);
int conf_write_manual_keys(FILE *to);

/* A line for each flag, its fields separated by TABs: "--flag", "-f", the value's name, the help. */
int conf_write_completion(FILE *to);

/* --- for the printers --- */

#define PRINT_BYTES_MAX (1 << 20)

/*
 * Appends the words of `text`, the first at `column`; a line that would become longer than
 * PRINT_COLUMNS goes on after a line feed and `margin`.
 */
#define PRINT_COLUMNS 90
void print_words(struct buf *to, const char *text, const char *margin, size_t column);

/* Is this the first row of its group? */
bool print_begins_group(unsigned id);

/* Writes it out and frees it; 0, -ENOMEM if it was short, or what writing failed with. */
int print_finish(struct buf *text, FILE *to);

#endif
