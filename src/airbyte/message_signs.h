// message_signs: whether a RECORD, a STATE or a source's word that it has failed stands in a text that is no
// message itself: whole or cut off, behind progress or the time that a log's reader adds, encoded once more
// or in another language's writing. It goes by quoted words alone, beside a brace, so that no damage around
// them hides a record; a text that only quotes one is taken for one too, as a loss would be worse than that.
//
// What names a record: a key `record` in any writing that holds something, the word RECORD in capitals, or
// data beside emitted_at. `record` in small letters as a value is none: so schemas call a nested type
// (https://avro.apache.org/docs/1.12.0/specification/#schema-record), and a message in such writing has the
// key as well. BigQuery writes that type in capitals, beside the list of its fields. `records` is none
// either: so services call what they answer (Salesforce, Airtable, events of S3), and a list of ours has
// emitted_at.
//
// Pure; called for odd lines only, by a worker, or while a line that is too long is read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/literal.h"

namespace ddb {

// As logs of containers keep them, and whoever encodes them twice.
inline constexpr Text kMessageInString =
    "it holds a message, or a part of one, in a JSON string. Send the messages themselves (jq -r .log gives "
    "those that docker logs wrapped)";

struct MessageSigns {
  bool record = false;   // a RECORD, or a part of one
  bool schema = false;   // RECORD as a type that has fields: none, as far as they stand in one value
  bool state = false;    // STATE as a type: "state":"running" is none
  bool failure = false;  // TRACE with ERROR, INCOMPLETE, FATAL, CONNECTION_STATUS with FAILED
};
MessageSigns FindMessageSigns(std::string_view text);

// The same of a text that is not held: it comes in pieces, which are cut anywhere.
class SignSearch {
 public:
  void Feed(std::string_view piece);
  // Of what was fed, as the whole text.
  MessageSigns Finish() const;
  // Whatever follows, a record stands in it.
  bool found_record() const { return has_brace_ && words_.HoldRecord(); }

 private:
  // What the quoted words were.
  class Words {
   public:
    struct Word {
      std::string_view text;    // "": none of those that matter
      bool is_key = false;      // "a": or "a"=>
      bool may_be_key = false;  // the text is cut off within it
      bool holds = false;       // its value is an object or a list that is not empty, or it is cut off
      bool holds_list = false;
    };
    void Add(const Word& word);
    bool HoldRecord() const { return record_ || (data_ && emitted_at_); }
    MessageSigns Signs() const;

   private:
    void AddKey(std::string_view letters, const Word& word);
    void AddValue(std::string_view letters, const Word& word);

    bool is_type_next_ = false;
    bool record_ = false;
    bool record_type_ = false;  // RECORD is the value of a type
    bool fields_ = false;
    bool data_ = false;
    bool emitted_at_ = false;
    bool state_ = false;
    bool trace_ = false;
    bool error_ = false;
    bool fatal_ = false;
    bool connection_status_ = false;
    bool failed_ = false;
  };
  struct Quoted;

  static Quoted LookAt(const char* p, const char* end);
  static size_t Read(std::string_view text, bool is_last, Words& words);

  Words words_;
  bool has_brace_ = false;
  std::string undecided_;  // the end of what was fed: what follows tells what it is
};

}  // namespace ddb
