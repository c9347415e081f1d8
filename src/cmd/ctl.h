/* `littled ctl`: an order for a running server's master, over its control socket. */
#ifndef CMD_CTL_H
#define CMD_CTL_H

/* argv[0] is "ctl".  The exit status: 0, 1 refused or no server, 2 wrong usage. */
int ctl_main(int argc, char **argv);

#endif
