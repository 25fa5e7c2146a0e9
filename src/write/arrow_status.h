// SPDX-License-Identifier: Apache-2.0
//
// The fence around Arrow and Parquet: their statuses and exceptions as ours. Nothing else in this
// module may let a Parquet call escape from Fenced(). For .cc files only (it includes Arrow and
// Parquet). Pure functions.
#pragma once

#include <parquet/exception.h>

#include <exception>
#include <new>
#include <utility>

#include "buffer/arrow_status.h"
#include "core/result.h"

namespace kafka_iceberg::write {

using buffer::CodeOf;
using buffer::FromArrow;

// Calls `call`, which returns a Result or Status of ours; an exception becomes its error.
template <typename Call>
auto Fenced(Call&& call) -> decltype(call()) {
  try {
    return std::forward<Call>(call)();
  } catch (const ::parquet::ParquetStatusException& thrown) {
    return Error(CodeOf(thrown.status()), thrown.status().message());
  } catch (const ::parquet::ParquetException& thrown) {
    return Error::Corrupt("{}", thrown.what());
  } catch (const std::bad_alloc&) {
    return Error::Unavailable("out of memory");
  } catch (const std::exception& thrown) {
    return Error::Corrupt("{}", thrown.what());
  }
}

}  // namespace kafka_iceberg::write
