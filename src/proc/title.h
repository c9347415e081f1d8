/* What ps(1) shows: "littled: master", "littled: worker 3". */
#ifndef PROC_TITLE_H
#define PROC_TITLE_H

/*
 * Once, in main(), before anything keeps pointers into argv or the environment: finds out
 * how much room there is, and moves the environment away.  0 or -ENOMEM.
 */
int title_prepare(int argc, char **argv, char ***environment);

void title_set(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
