// KeptFields: what of a record is held while it is encoded, when the record is so large that it cannot be
// stored as it is. The largest of its fields will be null then, or its last ones left out (shrink_item), and
// of a field that certainly will be, nothing is kept from the moment on when that is certain, but the name of
// one that is null. So the longest line takes no more memory than an item that is stored can take a few times
// over, however far its text would grow; and what is stored is the same. For the careful encoder; worker
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "items/item_size.h"
#include "items/shrink_item.h"

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
  // The record's text begins at the end of `out`; fields of these names are never null, nor left out.
  KeptFields(Buffer& out, const std::vector<std::string>* protected_fields = nullptr)
      : out_(out), protected_fields_(protected_fields) {}

  // For a list that is no record, of which the first elements are kept: from here on.
  void BeginList();
  bool is_list() const { return is_list_; }

  // A field whose value is appended from here on, behind its name, of so many bytes without quotes and colon.
  // False: the field is left out, with the name that was appended, up to its End.
  bool Begin(size_t name_bytes);
  // Whether so many bytes more make the field's value, or the list, one that cannot be stored. Then Drop it,
  // or cut the list.
  bool TooLong(size_t more) const { return out_.size() - begin_ + more > kMaxFieldText; }
  // The field that was begun is null instead.
  void Drop();
  void End();
  // So many elements were left out at the list's end.
  void LeaveOutElements(uint64_t count) { left_out_ = count; }

  // The item can never be stored, whatever becomes null: nothing needs to be kept.
  bool hopeless() const { return hopeless_; }
  // The fields that are null, by their number among those that are there, ascending.
  std::vector<uint32_t> dropped() const;
  // How many fields, or elements, are not there.
  uint64_t left_out() const { return left_out_; }

 private:
  struct Field {
    size_t name_bytes;
    size_t begin;  // of its value
    size_t end = 0;
    int64_t name_size = 0;
    int64_t upper = 0;     // its value's size
    int64_t change = 0;    // the size of what is noted when it becomes null, once that is looked at
    bool protect = false;  // so is this
    bool dropped = false;
    bool left_out = false;
    int64_t KeptSize() const { return name_size + (dropped ? kNullSize + change : upper); }
  };
  std::string_view RawName(const Field& field) const;
  bool MayBeNull(Field& field) const;
  void DropLargest();
  void LeaveOutLast();
  void CloseGaps();

  Buffer& out_;
  const std::vector<std::string>* const protected_fields_;
  std::vector<Field> fields_;
  size_t text_begin_ = 0;
  size_t begin_ = 0;  // of the value that is being written
  int64_t seen_ = 0;  // size of all fields met, at the least
  int64_t kept_ = 0;  // size of all fields as they are kept, at the most
  uint64_t left_out_ = 0;
  bool is_list_ = false;
  bool in_field_ = false;  // that is kept
  bool cutting_ = false;   // no field is kept any more but protected ones
  bool hopeless_ = false;
};

}  // namespace ddb
