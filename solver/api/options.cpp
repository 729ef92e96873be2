// Options: the table of base/options.def for users.
#include "solver/api/implementation.h"

namespace clipbound::v1 {

Options::Options() : implementation_(std::make_shared<Implementation>()) {}

Options::Options(const OptionFields& fields) {
  ::clipbound::Options given, checked;
#define CLIPBOUND_OPTION(type, field, default_value, flag, min, max, help) \
  given.field = fields.field;
#include "base/options.def"
  for (const OptionInfo& row : option_table())
    set_option(checked, row.field, get_option(given, row.field));
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
  ::clipbound::Options changed = implementation_->values;
  set_option(changed, name, value);
  implementation_ = std::make_shared<Implementation>(Implementation{std::move(changed)});
  return *this;
}

std::string Options::get(std::string_view name) const {
  return get_option(implementation_->values, name);
}

std::vector<OptionDescription> Options::list() {
  const ::clipbound::Options defaults;
  std::vector<OptionDescription> rows;
  for (const OptionInfo& row : option_table()) {
    rows.push_back({std::string(row.field), std::string(row.flag), get_option(defaults, row.field),
                    describe_range(row), std::string(row.help),
                    row.type == OptionInfo::Type::boolean});
  }
  return rows;
}

}  // namespace clipbound::v1
