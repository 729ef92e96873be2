#ifndef CLIPBOUND_TESTS_C_API_CHECKS_H
#define CLIPBOUND_TESTS_C_API_CHECKS_H
/* Idea: what the parts of the C interface's test share: checks that count failures, a network whose
 * values are known by heart.
 * Source: own.
 * Guarantees: the program fails where a check has. */
#include <clipbound/clipbound_c.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Counts and prints a check that fails. */
void check(int condition, const char* what, const char* file, int line);
#define CHECK(condition) check((condition) != 0, #condition, __FILE__, __LINE__)
#define CHECK_OK(call) check((call) == CLIPBOUND_OK, #call, __FILE__, __LINE__)
/* The call is refused, with a message that has `says` in it. */
#define CHECK_REFUSED(call, says)                                                               \
  check((call) == CLIPBOUND_INPUT_ERROR && strstr(clipbound_last_error(), says) != NULL, #call, \
        __FILE__, __LINE__)

/* y = |x0 + x1| */
clipbound_network* absolute_sum(void);
/* y = (x0, x1) */
clipbound_network* two_inputs(void);

void test_networks(void);
void test_bounds(void);
void test_ranges(void);
void test_robustness(void);
void test_solver(void);

#endif
