// Idea: Options are the table of base/options.def for users.
// Source: own.
// Guarantees: a value out of range is refused and changes nothing.
#include "solver/api/implementation.h"

namespace clipbound {

CLIPBOUND_ANY_CPU Options::Options() {
  base::require_cpu();
  implementation_ = std::make_shared<Implementation>();
}

Options::Options(const OptionFields& fields) {
  base::Options given, checked;
#define CLIPBOUND_OPTION(type, field, default_value, flag, min, max, help) \
  given.field = fields.field;
#include "base/options.def"
  for (const base::OptionInfo& row : base::option_table())
    base::set_option(checked, row.field, base::get_option(given, row.field));
  implementation_ = std::make_shared<Implementation>(Implementation{std::move(checked)});
}

OptionFields Options::fields() const {
  OptionFields fields;
#define CLIPBOUND_OPTION(type, field, default_value, flag, min, max, help) \
  fields.field = implementation_->values.field;
#include "base/options.def"
  return fields;
}

Options& Options::set(std::string_view name, std::string_view value) {
  base::Options changed = implementation_->values;
  base::set_option(changed, name, value);
  implementation_ = std::make_shared<Implementation>(Implementation{std::move(changed)});
  return *this;
}

std::string Options::get(std::string_view name) const {
  return base::get_option(implementation_->values, name);
}

std::vector<OptionDescription> Options::list() {
  const base::Options defaults;
  std::vector<OptionDescription> rows;
  for (const base::OptionInfo& row : base::option_table()) {
    rows.push_back({std::string(row.field), std::string(row.flag),
                    base::get_option(defaults, row.field), base::describe_range(row),
                    std::string(row.help), row.type == base::OptionInfo::Type::boolean});
  }
  return rows;
}

}  // namespace clipbound
