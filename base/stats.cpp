#include "base/stats.h"

namespace clipbound::base {

Statistics& Statistics::operator+=(const Statistics& other) {
#define CLIPBOUND_STAT(kind, field, help) field += other.field;
#include "base/stats.def"
  return *this;
}

}  // namespace clipbound::base
