/*
 * `littled advise`: what limits a running server, and how many workers and threads its load needs.
 *
 * Reads the board of a server on this machine (which works when its workers hang), or what a
 * statistics listener or a file has of one.  Computes nothing itself: metrics/advice.h does.
 */
#ifndef CMD_ADVISE_H
#define CMD_ADVISE_H

/*
 * argv[0] is "advise".  The exit status: 0 advised, 1 no
 * server, 2 wrong usage, 3 too little was seen.
 */
int advise_main(int argc, char **argv);

#endif
