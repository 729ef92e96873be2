#pragma once
// InputError, Unsupported and ContractError are part of the public interface, so they live there.
#include <string>

#include "base/floors.h"
#include "include/clipbound/errors.h"
