/*
 * `littled top`: what a running server does, in a terminal.
 *
 * Reads the board, so it shows what hangs even when every worker does; or a statistics listener,
 * for a server on another machine.
 */
#ifndef CMD_TOP_H
#define CMD_TOP_H

/* argv[0] is "top".  The exit status: 0, 1 no server (or it ended), 2 wrong usage. */
int top_main(int argc, char **argv);

#endif
