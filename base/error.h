#pragma once
// Idea: InputError, Unsupported and ContractError are part of the public interface, so they live
// there.
// Source: own.
// Guarantees: nothing else is thrown on purpose.
#include <string>

#include "base/floors.h"
#include "include/clipbound/errors.h"
