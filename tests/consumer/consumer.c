/* The same from C. */
#include <clipbound/clipbound_c.h>
#include <stdio.h>

int main(int argc, char** argv) {
  clipbound_network* network = NULL;
  clipbound_query* query = NULL;
  clipbound_result* result = NULL;
  int unsat = 0;
  if (argc != 3) return 1;
  if (clipbound_network_load(argv[1], &network) == CLIPBOUND_OK &&
      clipbound_query_load(argv[2], &query) == CLIPBOUND_OK &&
      clipbound_solve(network, query, NULL, NULL, &result) == CLIPBOUND_OK) {
    printf("clipbound %s: %s\n", clipbound_version(),
           clipbound_verdict_name(clipbound_result_verdict(result)));
    unsat = clipbound_result_verdict(result) == CLIPBOUND_UNSAT;
  } else {
    fprintf(stderr, "%s\n", clipbound_last_error());
  }
  clipbound_result_free(result);
  clipbound_query_free(query);
  clipbound_network_free(network);
  return unsat ? 0 : 1;
}
