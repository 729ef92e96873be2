/* Models as bytes from C: external data, and what is not supported. */
#include "checks.h"

/* A protobuf message under construction. */
struct message {
  unsigned char bytes[512];
  size_t size;
};

static void put_byte(struct message* to, size_t byte) {
  if (to->size < sizeof to->bytes) to->bytes[to->size++] = (unsigned char)byte;
}
static void put_number(struct message* to, size_t field, size_t number) {
  put_byte(to, field << 3);
  for (; number >= 128; number >>= 7) put_byte(to, number | 128);
  put_byte(to, number);
}
static void put_bytes(struct message* to, size_t field, const void* bytes, size_t size) {
  size_t k;
  put_number(to, field, size);
  /* The key was that of a number: a length is of wire type 2. */
  to->bytes[to->size - (size >= 128 ? 3 : 2)] |= 2;
  for (k = 0; k < size; ++k) put_byte(to, ((const unsigned char*)bytes)[k]);
}
static void put_text(struct message* to, size_t field, const char* text) {
  put_bytes(to, field, text, strlen(text));
}
static void put_message(struct message* to, size_t field, const struct message* part) {
  put_bytes(to, field, part->bytes, part->size);
}

/* A float32 tensor [2] of that name. */
static struct message value_of(const char* name) {
  struct message value = {{0}, 0}, type = {{0}, 0}, tensor = {{0}, 0}, shape = {{0}, 0},
                 dimension = {{0}, 0};
  put_number(&dimension, 1, 2);
  put_message(&shape, 1, &dimension);
  put_number(&tensor, 1, 1);
  put_message(&tensor, 2, &shape);
  put_message(&type, 1, &tensor);
  put_text(&value, 1, name);
  put_message(&value, 2, &type);
  return value;
}

static void put_entry(struct message* tensor, const char* key, const char* text) {
  struct message entry = {{0}, 0};
  put_text(&entry, 1, key);
  put_text(&entry, 2, text);
  put_message(tensor, 13, &entry);
}

/* y = op(op(x, w), w), the two numbers of w in the file `data`. */
static struct message model_of(const char* op, const char* data) {
  struct message model = {{0}, 0}, graph = {{0}, 0}, opset = {{0}, 0}, weight = {{0}, 0},
                 first = {{0}, 0}, second = {{0}, 0}, x = value_of("x"), y = value_of("y");
  put_text(&first, 1, "x");
  put_text(&first, 1, "w");
  put_text(&first, 2, "between");
  put_text(&first, 3, "first");
  put_text(&first, 4, op);
  put_text(&second, 1, "between");
  put_text(&second, 1, "w");
  put_text(&second, 2, "y");
  put_text(&second, 3, "second");
  put_text(&second, 4, op);
  put_number(&weight, 1, 2);
  put_number(&weight, 2, 1);
  put_text(&weight, 8, "w");
  put_entry(&weight, "location", data);
  put_number(&weight, 14, 1);
  put_message(&graph, 1, &first);
  put_message(&graph, 1, &second);
  put_text(&graph, 2, "graph");
  put_message(&graph, 5, &weight);
  put_message(&graph, 11, &x);
  put_message(&graph, 12, &y);
  put_text(&opset, 1, "");
  put_number(&opset, 2, 18);
  put_number(&model, 1, 8);
  put_message(&model, 7, &graph);
  put_message(&model, 8, &opset);
  CHECK(model.size < sizeof model.bytes);
  return model;
}

static const char* const kData = "c_api_weights.bin";
static const char* const kPath = CLIPBOUND_BINARY_DIR "/c_api_weights.bin";

static void write_data(void) {
  const float weights[] = {1.5F, -2.0F};
  FILE* file = fopen(kPath, "wb");
  CHECK(file != NULL && fwrite(weights, sizeof weights, 1, file) == 1);
  if (file != NULL) fclose(file);
}

static void test_external_data(void) {
  const struct message model = model_of("Add", kData);
  const double x[] = {1, 1};
  double y[2];
  clipbound_network* network = NULL;
  write_data();
  CHECK_OK(clipbound_network_parse_with_data(model.bytes, model.size, "mine", CLIPBOUND_BINARY_DIR,
                                             &network));
  CHECK_OK(clipbound_network_evaluate(network, x, 1, y));
  CHECK(y[0] == 4 && y[1] == -3);
  clipbound_network_free(network);
  network = NULL;
  /* Where no folder is named nothing is read. */
  CHECK(clipbound_network_parse_with_data(model.bytes, model.size, "mine", NULL, &network) !=
        CLIPBOUND_OK);
  CHECK(strstr(clipbound_last_error(), "mine") != NULL);
  CHECK(clipbound_network_parse(model.bytes, model.size, NULL, &network) != CLIPBOUND_OK);
  CHECK_REFUSED(clipbound_network_parse_with_data(model.bytes, model.size, "mine",
                                                  CLIPBOUND_BINARY_DIR "/no_such_folder", &network),
                "no_such_folder");
  CHECK_REFUSED(clipbound_network_parse_with_data(NULL, 3, NULL, NULL, &network), "'bytes'");
  CHECK_REFUSED(clipbound_network_parse_with_data(model.bytes, model.size, NULL, NULL, NULL),
                "'out'");
  CHECK(network == NULL);
  remove(kPath);
}

static void test_unsupported(void) {
  const struct message model = model_of("Nonsense", kData);
  clipbound_unsupported* list = NULL;
  clipbound_unsupported_node node;
  write_data();
  CHECK_OK(clipbound_unsupported_nodes_of_bytes(model.bytes, model.size, "mine",
                                                CLIPBOUND_BINARY_DIR, &list));
  remove(kPath);
  CHECK(clipbound_unsupported_count(list) == 1);
  CHECK_OK(clipbound_unsupported_get(list, 0, &node));
  CHECK(strcmp(node.op, "Nonsense") == 0 && strcmp(node.first_node, "first") == 0);
  CHECK(node.nodes == 2 && node.opset == 18 && node.why != NULL);
  CHECK_REFUSED(clipbound_unsupported_get(list, 1, &node), "node number 1");
  CHECK_REFUSED(clipbound_unsupported_get(list, 0, NULL), "'node'");
  clipbound_unsupported_free(list);
  list = NULL;
  CHECK_OK(clipbound_unsupported_nodes(CLIPBOUND_SOURCE_DIR "/examples/waves.onnx", &list));
  CHECK(list != NULL && clipbound_unsupported_count(list) == 0);
  clipbound_unsupported_free(list);
  list = NULL;
  CHECK_REFUSED(clipbound_unsupported_nodes("/no/such/file.onnx", &list), "/no/such/file.onnx");
  CHECK_REFUSED(clipbound_unsupported_nodes(NULL, &list), "'path'");
  CHECK_REFUSED(clipbound_unsupported_nodes_of_bytes("nonsense", 8, "mine", NULL, &list), "mine");
  CHECK_REFUSED(clipbound_unsupported_nodes_of_bytes(model.bytes, model.size, NULL, NULL, NULL),
                "'out'");
  CHECK(list == NULL && clipbound_unsupported_count(NULL) == 0);
  CHECK_REFUSED(clipbound_unsupported_get(NULL, 0, &node), "'unsupported'");
  clipbound_unsupported_free(NULL);
}

void test_networks(void) {
  test_external_data();
  test_unsupported();
}
