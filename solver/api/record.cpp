#include "solver/api/record.h"

#include <zlib.h>

#include "base/binary.h"

namespace clipbound {

namespace {

using base::BinaryReader;
using base::BinaryWriter;

constexpr std::string_view kMagic = "CLIPBOUND SEARCH\n";

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

void write_file(BinaryWriter& to, const FileInfo& file) {
  to.text(file.path);
  to.flag(file.bytes.has_value());
  to.put(file.bytes.value_or(0));
  to.text(file.sha256);
  to.count(file.data.size());
  for (const FileInfo& data : file.data) write_file(to, data);
}

/// Data files have none of their own.
FileInfo read_file(BinaryReader& from, bool is_data = false) {
  FileInfo file;
  file.path = from.text();
  const bool has_size = from.flag();
  const auto size = from.get<std::uint64_t>();
  if (has_size) file.bytes = size;
  file.sha256 = from.text();
  for (std::size_t k = from.count(33); k > 0; --k) {
    if (is_data) from.fail("has files inside a file's files");
    file.data.push_back(read_file(from, true));
  }
  return file;
}

void write_texts(BinaryWriter& to, const std::vector<std::string>& texts) {
  to.count(texts.size());
  for (const std::string& text : texts) to.text(text);
}

std::vector<std::string> read_texts(BinaryReader& from) {
  std::vector<std::string> texts;
  for (std::size_t k = from.count(8); k > 0; --k) texts.emplace_back(from.text());
  return texts;
}

}  // namespace

std::string write_record(const Record& record) {
  BinaryWriter body;
  body.count(record.networks.size());
  for (const FileInfo& file : record.networks) write_file(body, file);
  body.flag(record.property.has_value());
  if (record.property) write_file(body, *record.property);
  write_texts(body, record.question);
  body.count(record.options.size());
  for (const auto& [name, value] : record.options) {
    body.text(name);
    body.text(value);
  }
  body.count(record.statistics.size());
  for (const auto& [name, value] : record.statistics) {
    body.text(name);
    body.put(value);
  }
  body.put(record.elapsed_s);
  body.flag(record.is_part);
  body.text(record.part);
  write_texts(body, record.parts);
  body.put(static_cast<std::uint8_t>(record.outcome));
  body.count(record.input.size());
  for (const double x : record.input) body.put(x);
  body.text(record.state);
  BinaryWriter file;
  file.append(kMagic);
  file.put(kRecordVersion);
  file.put(checksum(body.bytes()));
  file.append(body.bytes());
  return file.bytes();
}

Record read_record(std::string_view bytes, const std::string& name) {
  if (!bytes.starts_with(kMagic)) throw InputError(name + " is no checkpoint or part of a search");
  const std::string_view rest = bytes.substr(kMagic.size());
  BinaryReader header(name, rest);
  const auto version = header.get<std::uint32_t>();
  if (version != kRecordVersion)
    header.fail("is of version " + std::to_string(version) + "; this program reads version " +
                std::to_string(kRecordVersion));
  const auto sum = header.get<std::uint32_t>();
  const std::string_view body = rest.substr(2 * sizeof(std::uint32_t));
  if (checksum(body) != sum)
    throw InputError(name + " is damaged: it was cut off or changed (its checksum is wrong)");
  BinaryReader from(name, body);
  Record record;
  for (std::size_t k = from.count(33); k > 0; --k) record.networks.push_back(read_file(from));
  if (from.flag()) record.property = read_file(from);
  record.question = read_texts(from);
  for (std::size_t k = from.count(16); k > 0; --k) {
    std::string option(from.text());
    record.options.emplace_back(std::move(option), from.text());
  }
  for (std::size_t k = from.count(16); k > 0; --k) {
    std::string statistic(from.text());
    record.statistics.emplace_back(std::move(statistic), from.number());
  }
  record.elapsed_s = from.number();
  record.is_part = from.flag();
  record.part = from.text();
  record.parts = read_texts(from);
  const auto outcome = from.get<std::uint8_t>();
  if (outcome > static_cast<std::uint8_t>(Record::Outcome::sat))
    from.fail("has an outcome that is none");
  record.outcome = static_cast<Record::Outcome>(outcome);
  for (std::size_t k = from.count(8); k > 0; --k) record.input.push_back(from.number());
  record.state = from.text();
  from.expect_end();
  return record;
}

}  // namespace clipbound
