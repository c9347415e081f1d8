/* `littled [OPTIONS] [APP]`: serves, or checks or prints the configuration. */
#ifndef CMD_SERVE_H
#define CMD_SERVE_H

int serve_main(int argc, char **argv, char **environment);

#endif
