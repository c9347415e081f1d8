/* What ps(1) shows: "littled: master", "littled: worker 3". */
#ifndef PROC_TITLE_H
#define PROC_TITLE_H

/*
 * Once, in main(), before anything keeps pointers into argv or the environment: finds out
 * how much room there is, and moves the environment away.  0 or -ENOMEM.
 */
int title_prepare(int argc, char **argv, char ***environment);

/* As the process was started with it, whatever has been set or unset since; nothing changes it. */
char **title_environment(void);

void title_set(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What debuggers and `ps -L` call the calling thread: "3.1", of worker 3, beside its first. */
void title_set_thread(unsigned worker, unsigned thread);

#endif
