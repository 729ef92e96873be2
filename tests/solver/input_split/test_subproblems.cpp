// Records of subproblems: their parts do not overlap and fill them, and a stack gives them back in
// its order.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "solver/input_split/subproblems.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// A problem of given sizes that nobody bounds.
struct PlainProblem final : BatchProblem {
  PlainProblem(int N, int U, int S) {
    inputs = N;
    neurons = U;
    rows = S;
  }
  std::unique_ptr<BatchBounder> make_bounder(int, std::unique_ptr<BatchBounder>) const override {
    return nullptr;
  }
};

TEST(RecordView, PartsFillTheRecordWithoutOverlap) {
  for (const RecordShape shape : {RecordShape{2, 3, 4}, RecordShape{5, 0, 1}, RecordShape{1, 2, 0},
                                  RecordShape{0, 0, 0}, RecordShape{0, 1, 2}}) {
    std::vector<double> data(shape.size(), 0.0);
    const Record record(shape, data.data());
    double next = 1.0;
    for (const std::span<double> part : {record.lower_x(), record.upper_x(), record.lower_z(),
                                         record.upper_z(), record.halfspaces()}) {
      for (double& number : part) {
        EXPECT_EQ(number, 0.0) << "a part overlaps an earlier one";
        number = next++;
      }
    }
    std::vector<double> expected(shape.size());
    std::iota(expected.begin(), expected.end(), 1.0);
    EXPECT_EQ(data, expected) << "parts stand in the order of the legend";
    EXPECT_EQ(record.lower_x().size(), static_cast<std::size_t>(shape.inputs));
    EXPECT_EQ(record.upper_z().size(), static_cast<std::size_t>(shape.neurons));
    EXPECT_EQ(record.halfspaces().size(),
              static_cast<std::size_t>(shape.halfspaces * (shape.inputs + 1)));
  }
}

TEST(RecordView, LanesGoInAndOut) {
  const RecordShape shape{3, 0, 0};
  std::vector<double> data(shape.size());
  const Record record(shape, data.data());
  std::vector<Vec> x(3, Vec{}), y(3, Vec{});
  for (std::size_t i = 0; i < 3; ++i) x[i][1] = 1.5 + static_cast<double>(i);
  store_lane(x, 1, record.lower_x());
  EXPECT_EQ(data[2], 3.5);
  load_lane(record.lower_x(), 0, y);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(y[i][0], x[i][1]);
    EXPECT_EQ(y[i][1], 0.0) << "other lanes stay";
  }
}

TEST(SubproblemStack, NewestOnTopEverySecondGivenAway) {
  SubproblemStack stack({1, 0, 0});
  EXPECT_TRUE(stack.empty());
  Share rest = Share::whole();
  for (int k = 0; k < 5; ++k) stack.push(rest.split()).lower_x()[0] = k;
  EXPECT_EQ(stack.count(), 5U);
  EXPECT_EQ(stack.from_top(0).lower_x()[0], 4.0);
  EXPECT_EQ(stack.from_top(4).lower_x()[0], 0.0);
  SubproblemStack given = stack.take_every_second();
  EXPECT_EQ(given.count(), 3U);
  EXPECT_EQ(given.from_top(0).lower_x()[0], 4.0);
  EXPECT_EQ(given.shape().inputs, 1);
  EXPECT_EQ(given.pop().depth(), 5U) << "the newest share is the smallest";
  EXPECT_EQ(given.pop().depth(), 3U);
  EXPECT_EQ(given.pop().depth(), 1U) << "the oldest is the largest";
  EXPECT_EQ(stack.count(), 2U);
  EXPECT_EQ(stack.from_top(0).lower_x()[0], 3.0);
  EXPECT_EQ(stack.pop().depth(), 4U);
  EXPECT_EQ(stack.from_top(0).lower_x()[0], 1.0);
  EXPECT_EQ(stack.pop().depth(), 2U);
  EXPECT_EQ(stack.take_every_second().count(), 0U);
  SubproblemStack one({1, 0, 0});
  one.push(std::move(rest));
  EXPECT_EQ(one.take_every_second().count(), 1U);
  EXPECT_TRUE(one.empty());
}

TEST(RootTask, HoldsTheBoxTheNeuronsAndNoHalfspace) {
  const auto root = std::make_shared<ClauseRoot>();
  root->problem = std::make_shared<PlainProblem>(2, 1, 30);
  root->lower_z = {-7.0};
  root->upper_z = {8.0};
  root->width = {2.0, 4.0};
  const BoxSubproblems task = root_task(root, {0.0, 1.0}, {1.0, 3.0}, Share::whole());
  ASSERT_EQ(task.open.count(), 1U);
  EXPECT_EQ(task.problem, root->problem);
  EXPECT_FALSE(task.without_rows);
  EXPECT_EQ(task.open.shape().halfspaces, kMostHalfspaces) << "30 rows are too many to inherit";
  const ConstRecord record = task.open.from_top(0);
  EXPECT_EQ(record.lower_x()[1], 1.0);
  EXPECT_EQ(record.upper_x()[1], 3.0);
  EXPECT_EQ(record.lower_z()[0], -7.0);
  EXPECT_EQ(record.upper_z()[0], 8.0);
  for (const double number : record.halfspaces()) EXPECT_EQ(number, 0.0);
}

/// A clause's box of three inputs, of which the first and the last vary.
std::shared_ptr<ClauseRoot> three_inputs() {
  auto root = std::make_shared<ClauseRoot>();
  root->kept = {0, 2};
  root->lower = {0.0, 0.5, -1.0};
  root->upper = {4.0, 0.5, 1.0};
  root->width = {4.0, 2.0};
  return root;
}

/// Four parts of it that cover it; one bounds neurons without rows, one has a half-space.
std::vector<Subproblem> four_parts() {
  std::vector<Subproblem> parts(4);
  Share rest = Share::whole();
  for (std::size_t k = 0; k < 3; ++k) parts[k].share = rest.split();
  parts[3].share = std::move(rest);
  parts[0].box = {{0, 0.0, 2.0, false, false}};
  parts[1].box = {{0, 2.0, 3.0, false, false}};
  parts[2].box = {{0, 3.0, 4.0, false, false}, {2, -1.0, 0.0, false, false}};
  parts[3].box = {{0, 3.0, 4.0, false, false}, {2, 0.0, 1.0, false, false}};
  parts[1].without_rows = true;
  parts[2].halfspaces = {{1.0, -2.0, 0.5}};
  return parts;
}

TEST(RestoredTasks, ValuesComeBackOnTheSameProblem) {
  const std::shared_ptr<ClauseRoot> root = three_inputs();
  root->problem = std::make_shared<PlainProblem>(2, 1, 1);
  root->lower_z = {-7.0};
  root->upper_z = {8.0};
  const BoxSubproblems whole = root_task(root, {0.0, -1.0}, {4.0, 1.0}, Share::whole());
  const std::vector<Subproblem> before = four_parts();
  std::vector<BoxSubproblems> tasks = restored_tasks(whole, before);
  ASSERT_EQ(tasks.size(), 2U) << "one of them for the part without rows";
  std::vector<Subproblem> after;
  for (BoxSubproblems& task : tasks) {
    EXPECT_EQ(task.problem, root->problem);
    EXPECT_EQ(task.open.from_top(0).lower_z()[0], -7.0);
    std::vector<ClauseState> states(1);
    copy_open(task, states);
    for (Subproblem& value : states[0].open) after.push_back(std::move(value));
  }
  ASSERT_EQ(after.size(), before.size());
  ShareSum sum;
  for (const Subproblem& value : after) {
    sum.add(value.share.depth());
    const auto same = std::find_if(before.begin(), before.end(), [&](const Subproblem& part) {
      return part.box == value.box && part.without_rows == value.without_rows &&
             part.halfspaces == value.halfspaces && part.share.depth() == value.share.depth();
    });
    EXPECT_NE(same, before.end());
  }
  EXPECT_TRUE(sum.is_one());
  EXPECT_EQ(after[1].box, before[0].box) << "the newest stays the newest";
}

TEST(RestoredTasks, CoarseOnesWhereTheClauseHasNoProblemYet) {
  BoxSubproblems whole;
  whole.root = three_inputs();
  std::vector<BoxSubproblems> tasks = restored_tasks(whole, four_parts());
  ASSERT_EQ(tasks.size(), 4U);
  EXPECT_TRUE(tasks[1].without_rows);
  EXPECT_EQ(tasks[2].halfspaces, (std::vector<double>{1.0, -2.0, 0.5}));
  EXPECT_EQ(tasks[3].lower, (std::vector<double>{3.0, 0.0}));
  EXPECT_EQ(tasks[3].upper, (std::vector<double>{4.0, 1.0}));
}

}  // namespace
}  // namespace clipbound::test
