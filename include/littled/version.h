/* The version of littled and of its application interface. */
#ifndef LITTLED_VERSION_H
#define LITTLED_VERSION_H

#define LTD_VERSION "0.1.0"

/*
 * The number an app is compiled against; a server refuses any other.
 * History:
 *   1  first release
 *   2  ltd_request_body_length, ltd_request_read, ltd_request_scheme,
 *      ltd_request_client_is_gone, ltd_response_file, ltd_response_stream,
 *      ltd_response_flush; ltd_route.attempt
 */
#define LTD_ABI 2

#endif
