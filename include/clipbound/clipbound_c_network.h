#ifndef CLIPBOUND_C_NETWORK_H
#define CLIPBOUND_C_NETWORK_H
/* Idea: networks of the C interface: read, built, evaluated; what of a model is not supported.
 * Source: own.
 * Guarantees: those of clipbound.h; no exception leaves the library. */
/** @file
 * @brief Clipbound for C: networks. */
#include <stddef.h>
#include <stdint.h>

#include "clipbound/clipbound_c_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A neural network; never changes. */
typedef struct clipbound_network clipbound_network;

/** Reads an ONNX file (.onnx or .onnx.gz). */
CLIPBOUND_C_API clipbound_status clipbound_network_load(const char* path, clipbound_network** out);
/** The same from `size` bytes of an uncompressed model; `source` names it in messages (may be
 * NULL). */
CLIPBOUND_C_API clipbound_status clipbound_network_parse(const void* bytes, size_t size,
                                                         const char* source,
                                                         clipbound_network** out);
/** The same of a model that keeps tensors in files of their own (external data): they are read from
 * `folder`. NULL: as clipbound_network_parse(), which refuses such tensors. */
CLIPBOUND_C_API clipbound_status clipbound_network_parse_with_data(const void* bytes, size_t size,
                                                                   const char* source,
                                                                   const char* folder,
                                                                   clipbound_network** out);
/** A chain of `layers` dense layers on `inputs` float32 inputs. Layer k has outputs[k] outputs,
 * weights[k] [outputs[k], its inputs] row by row, biases[k] [outputs[k]], and max(0, .) after it
 * where relu[k] is not 0. */
CLIPBOUND_C_API clipbound_status clipbound_network_from_layers(
    size_t inputs, size_t layers, const size_t* outputs, const float* const* weights,
    const float* const* biases, const int* relu, clipbound_network** out);
/** The part that computes one tensor (by its name, its node's name or its node's position), which
 * becomes the only output. */
CLIPBOUND_C_API clipbound_status clipbound_network_up_to(const clipbound_network* network,
                                                         const char* layer,
                                                         clipbound_network** out);
/** Frees the network; NULL is taken too. */
CLIPBOUND_C_API void clipbound_network_free(clipbound_network* network);
/** Number of inputs, all input tensors flattened in C order; 0 for NULL. */
CLIPBOUND_C_API size_t clipbound_network_input_size(const clipbound_network* network);
/** Number of outputs, likewise. */
CLIPBOUND_C_API size_t clipbound_network_output_size(const clipbound_network* network);
/** 1 where it computes in float64, 0 for float32. */
CLIPBOUND_C_API int clipbound_network_is_float64(const clipbound_network* network);
/** Outputs y [points, outputs] at x [points, inputs], in the network's own precision. */
CLIPBOUND_C_API clipbound_status clipbound_network_evaluate(const clipbound_network* network,
                                                            const double* x, size_t points,
                                                            double* y);
/** Gradients [points, inputs] of weights . Y at x [points, inputs], for weights [points, outputs]
 * of each point: computed in float64, of no use for proofs. Of a row C y + d the weights are that
 * row of C. Where an operator has a kink, the derivative of one side; 0 through steps (Sign,
 * Floor). */
CLIPBOUND_C_API clipbound_status clipbound_network_gradients(const clipbound_network* network,
                                                             const double* x, const double* weights,
                                                             size_t points, double* gradients);
/** What it is and what Clipbound can do with it, as JSON: *json is this thread's until its next
 * call. */
CLIPBOUND_C_API clipbound_status clipbound_network_inspect(const clipbound_network* network,
                                                           const char** json);

/** What of a model clipbound_network_load() refuses: a list of kinds of nodes. */
typedef struct clipbound_unsupported clipbound_unsupported;
/** One kind of node. The strings are the list's. */
typedef struct clipbound_unsupported_node {
  const char* op;         /**< ONNX, with its domain where it has another than the default one */
  const char* first_node; /**< the first node of the kind */
  int opset;              /**< by which it was read */
  size_t nodes;           /**< how many there are */
  const char* why;        /**< what of it is not supported; "": the operator */
} clipbound_unsupported_node;
/** Everything in an ONNX file that is not supported: an empty list where clipbound_network_load()
 * reads it. CLIPBOUND_UNSUPPORTED where the file cannot be read as a whole (its opset). */
CLIPBOUND_C_API clipbound_status clipbound_unsupported_nodes(const char* path,
                                                             clipbound_unsupported** out);
/** The same of `size` bytes, as clipbound_network_parse_with_data() takes them. */
CLIPBOUND_C_API clipbound_status clipbound_unsupported_nodes_of_bytes(const void* bytes,
                                                                      size_t size,
                                                                      const char* source,
                                                                      const char* folder,
                                                                      clipbound_unsupported** out);
/** Frees the list; NULL is taken too. */
CLIPBOUND_C_API void clipbound_unsupported_free(clipbound_unsupported* unsupported);
/** Number of kinds; 0 for NULL. */
CLIPBOUND_C_API size_t clipbound_unsupported_count(const clipbound_unsupported* unsupported);
/** One of them, 0 <= index < clipbound_unsupported_count(). */
CLIPBOUND_C_API clipbound_status clipbound_unsupported_get(const clipbound_unsupported* unsupported,
                                                           size_t index,
                                                           clipbound_unsupported_node* node);

/** A network under construction, operator by operator with ONNX's meaning. Tensors are numbers >=
 * 0. */
typedef struct clipbound_graph clipbound_graph;
/** A tensor that is left out: an optional input. */
#define CLIPBOUND_NO_VALUE (-1)

/** The type of an attribute. */
typedef enum clipbound_attribute_type {
  CLIPBOUND_ATTRIBUTE_INTEGER = 0, /**< integers[0] */
  CLIPBOUND_ATTRIBUTE_NUMBER = 1,  /**< numbers[0] */
  CLIPBOUND_ATTRIBUTE_TEXT = 2,    /**< text */
  CLIPBOUND_ATTRIBUTE_INTEGERS = 3,
  CLIPBOUND_ATTRIBUTE_NUMBERS = 4
} clipbound_attribute_type;
/** An attribute of an operator. Only the members of its type count. */
typedef struct clipbound_attribute {
  const char* name;              /**< as ONNX calls it */
  clipbound_attribute_type type; /**< which of the members below counts */
  const int64_t* integers;       /**< [count] */
  const double* numbers;         /**< [count] */
  const char* text;              /**< of a text */
  size_t count;                  /**< of integers or numbers */
} clipbound_attribute;

/** An empty graph; operators follow the rules of this opset of the default domain. */
CLIPBOUND_C_API clipbound_status clipbound_graph_new(int opset, clipbound_graph** out);
/** Frees the graph; NULL is taken too. */
CLIPBOUND_C_API void clipbound_graph_free(clipbound_graph* graph);
/** An input of the given shape [rank]. */
CLIPBOUND_C_API clipbound_status clipbound_graph_input(clipbound_graph* graph, const char* name,
                                                       const int64_t* shape, size_t rank,
                                                       int float64, int32_t* value);
/** Constants, their values in C order: as many as the shape says. rank 0 is one number; shape may
 * then be NULL. */
CLIPBOUND_C_API clipbound_status clipbound_graph_float32(clipbound_graph* graph,
                                                         const int64_t* shape, size_t rank,
                                                         const float* values, int32_t* value);
/** The same of float64. */
CLIPBOUND_C_API clipbound_status clipbound_graph_float64(clipbound_graph* graph,
                                                         const int64_t* shape, size_t rank,
                                                         const double* values, int32_t* value);
/** The same of int64: shapes, axes, indices. */
CLIPBOUND_C_API clipbound_status clipbound_graph_int64(clipbound_graph* graph, const int64_t* shape,
                                                       size_t rank, const int64_t* values,
                                                       int32_t* value);
/** An operator by its ONNX name on inputs [input_count]; values [output_count] receives its
 * outputs. attributes may be NULL where attribute_count is 0. */
CLIPBOUND_C_API clipbound_status clipbound_graph_add(clipbound_graph* graph, const char* op,
                                                     const int32_t* inputs, size_t input_count,
                                                     const clipbound_attribute* attributes,
                                                     size_t attribute_count, int32_t* values,
                                                     size_t output_count);
/** Names a tensor as an output. */
CLIPBOUND_C_API clipbound_status clipbound_graph_output(clipbound_graph* graph, int32_t value);
/** The network; the graph is empty afterwards and still has to be freed. */
CLIPBOUND_C_API clipbound_status clipbound_graph_build(clipbound_graph* graph,
                                                       clipbound_network** out);

#ifdef __cplusplus
}
#endif

#endif
