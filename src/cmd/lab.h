/*
 * `littled lab`: claims about concurrency as experiments.
 *
 * Each starts a private server, puts load on it with the generator of `littled bench`, and compares
 * what was measured with what was predicted from the parameters alone.
 */
#ifndef CMD_LAB_H
#define CMD_LAB_H

/* argv[0] is "lab".  The exit status: 0 none failed, 1 one did or could not be run, 2 wrong usage. */
int lab_main(int argc, char **argv);

#endif
