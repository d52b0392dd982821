// KeptFields: what of a record is held while it is encoded, when the record is so large that it cannot be
// stored as it is. The largest of its fields will be null then (shrink_item), and of a field that certainly
// will be, nothing but its name is kept from the moment on when that is certain. So the longest line takes no
// more memory than an item that is stored can take a few times over, however far its text would grow; and
// what is stored is the same. For the careful encoder; worker thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "items/item_size.h"

namespace ddb {

// Bytes of DynamoDB JSON for one byte of an item's size, at the most: 1e39 in a list is 49 bytes, and counts
// for 3. A value that is longer than this allows is over the limit by itself.
inline constexpr size_t kMaxWrittenPerByte = 17;
inline constexpr size_t kMaxFieldText = kMaxWrittenPerByte * kMaxItemBytes;
// All of a record's text, before something has to go. What is left behind that is at most half of it.
inline constexpr size_t kMaxHeldText = 2 * kMaxFieldText;
// What a record's text can take at any time, however long its line: all that, and the field that is being
// written.
inline constexpr size_t kMaxRecordText = kMaxHeldText + kMaxFieldText;

class KeptFields {
 public:
  // The record's text begins at the end of `out`; fields of these names are never null.
  KeptFields(Buffer& out, const std::vector<std::string>* protected_fields = nullptr)
      : out_(out), protected_fields_(protected_fields) {}

  // For a value that is no record, and is kept whole or not at all: from here on.
  void BeginWhole();
  bool whole() const { return whole_; }

  // A field whose value is appended from here on, behind its name, of so many bytes without quotes and colon.
  void Begin(size_t name_bytes);
  // Whether so many bytes more make the field's value one that cannot be stored. Then Drop it.
  bool TooLong(size_t more) const { return out_.size() - begin_ + more > kMaxFieldText; }
  // The field that was begun is null instead.
  void Drop();
  void End();

  // The item can never be stored, whatever becomes null: nothing needs to be kept.
  bool hopeless() const { return hopeless_; }
  // The fields that are null, by their number, ascending.
  std::vector<uint32_t> dropped() const;

 private:
  struct Field {
    size_t name_bytes;
    size_t begin;  // of its value
    size_t end = 0;
    int64_t upper = 0;   // its value's size
    int64_t change = 0;  // the size of what is noted when it becomes null, once that is looked at
    bool dropped = false;
  };
  std::string_view RawName(const Field& field) const;
  bool MayBeNull(Field& field) const;
  void DropLargest();
  void CloseGaps();

  Buffer& out_;
  const std::vector<std::string>* const protected_fields_;
  std::vector<Field> fields_;
  size_t text_begin_ = 0;
  size_t begin_ = 0;  // of the value that is being written
  int64_t seen_ = 0;  // size of all fields met, at the least
  int64_t kept_ = 0;  // size of all fields as they are kept, at the most
  bool whole_ = false;
  bool hopeless_ = false;
};

}  // namespace ddb
