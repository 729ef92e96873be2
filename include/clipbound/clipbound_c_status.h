#ifndef CLIPBOUND_C_STATUS_H
#define CLIPBOUND_C_STATUS_H
/* Idea: what a call of the C interface comes to. clipbound_c.h includes all parts.
 * Source: own.
 * Guarantees: those of clipbound.h; no exception leaves the library. */
/** @file
 * @brief Clipbound for C: status codes, the last error. */

/** Marks what the shared library shows. */
#if defined(__GNUC__)
#define CLIPBOUND_C_API __attribute__((visibility("default")))
#else
#define CLIPBOUND_C_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** What a call came to; the exit codes of the command line. */
typedef enum clipbound_status {
  CLIPBOUND_OK = 0,
  CLIPBOUND_INPUT_ERROR = 2, /**< a file or an argument cannot be read, does not fit or is NULL */
  CLIPBOUND_UNSUPPORTED = 3, /**< well formed, but not supported */
  CLIPBOUND_INTERNAL_ERROR = 4, /**< a bug in Clipbound */
  CLIPBOUND_OUT_OF_MEMORY = 5
} clipbound_status;

/** What is wrong with the last call of this thread that did not return CLIPBOUND_OK; "" where none
 * did. This thread's. */
CLIPBOUND_C_API const char* clipbound_last_error(void);

#ifdef __cplusplus
}
#endif

#endif
