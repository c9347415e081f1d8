/* The version of littled and of its application interface. */
#ifndef LITTLED_VERSION_H
#define LITTLED_VERSION_H

#define LTD_VERSION "0.1.0"

/*
 * The number an app is compiled against; a server refuses any other.
 * History:
 *   1  first release
 */
#define LTD_ABI 1

#endif
