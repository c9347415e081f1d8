/*
 * Where a new master puts its pid file and its control socket, as long as an older one of ours has
 * their names: beside them, with this behind the name.
 */
#ifndef PROC_ASIDE_H
#define PROC_ASIDE_H

#define ASIDE ".2"

#endif
