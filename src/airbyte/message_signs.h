// message_signs: whether a RECORD, a STATE or a source's word that it has failed stands in a text that is no
// message itself: whole or cut off, behind progress or the time that a log's reader adds, encoded once more
// or in another language's writing. It goes by words and braces alone (message_words), so that no damage
// around them hides a record; a text that only quotes one is taken for one too, as a loss would be worse.
//
// What is a record is told by what Airbyte's has together, wherever it is cut off:
//   data beside emitted_at, or beside the name of a stream; an Airbyte record has all three
//   `record` with one of them in it, or cut off before anything else in it is known
//   the type RECORD, but not beside what a column has (name, mode, fields): BigQuery calls its nested columns
//   so emitted_at in a text that closes more than it opens: the end of a record
// A `record` of anything else is none: loggers, DNS and services have theirs. Nor is "record" as a type: so
// schemas call theirs (https://avro.apache.org/docs/1.12.0/specification/#schema-record). Words without
// quotes count for less, as prose has them too.
//
// Pure; called for odd lines only, by a worker, or while a line that is too long is read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "airbyte/message_words.h"
#include "base/literal.h"

namespace ddb {

// As logs of containers keep them, and whoever encodes them twice.
inline constexpr Text kMessageInString =
    "it holds a message, or a part of one, in a JSON string. Send the messages themselves (jq -r .log gives "
    "those that docker logs wrapped)";

struct MessageSigns {
  bool record = false;   // a RECORD, or a part of one
  bool state = false;    // STATE as a type: "state":"running" is none
  bool failure = false;  // TRACE with ERROR, INCOMPLETE, FATAL, CONNECTION_STATUS with FAILED
};
// `is_json`: valid, and no text, so that nothing is torn; its braces may be text's.
MessageSigns FindMessageSigns(std::string_view text, bool is_json = false);

// The same of a text that is not held: it comes in pieces, which are cut anywhere.
class SignSearch {
 public:
  explicit SignSearch(bool is_json = false) : found_(!is_json) {}
  void Feed(std::string_view piece);
  // Of what was fed, as the whole text.
  MessageSigns Finish() const;
  // Whatever follows, a record stands in it.
  bool found_record() const { return found_.record(); }

 private:
  // What the words and braces were.
  class Found {
   public:
    explicit Found(bool may_be_torn) : scopes_(1), may_be_torn_(may_be_torn) {}
    void Add(const Word& word);
    void Open(bool is_brace);
    void Close(bool is_brace);
    bool record() const { return record_; }
    MessageSigns Signs(bool has_brace) const;  // at the end

   private:
    // What stands directly in one object or list, as far as it was opened here; the first is the text.
    struct Scope {
      bool is_list = false;
      bool is_record = false;  // the value of a name `record`
      bool has_other = false;  // a name that no record has
      bool stream = false;     // with its name
      bool data = false;       // that is an object, or a list that holds something
      bool emitted_at = false;
      bool record = false;       // in whatever form, but null
      bool held_record = false;  // an object or a list that holds something
      bool type_record = false;
      bool type_like_record = false;  // in another writing
      bool column = false;            // what a column's description has
    };
    void AddName(const Word& word, std::string_view letters);
    void AddType(const Word& word, Scope& scope);
    void AddPart(const Word& word, std::string_view letters, Scope& scope);
    void AddOfRepr(const Word& word, std::string_view letters);
    void AddWord(const Word& word, std::string_view letters);
    void Judge(const Scope& scope);
    static bool EndsAsRecord(const Scope& scope);

    std::vector<Scope> scopes_;
    bool may_be_torn_;
    size_t too_deep_ = 0;              // levels below those that are told apart
    bool ends_more_ = false;           // it closes more than it opens
    bool ends_in_emitted_at_ = false;  // outside all that it opens
    bool is_trace_ = false;
    bool next_is_record_ = false;  // the next brace begins the value of a name `record`
    bool record_ = false;
    bool cut_record_ = false;    // its name is the last that there is
    bool record_class_ = false;  // AirbyteRecordMessage
    bool data_ = false;          // anywhere
    bool emitted_at_ = false;
    bool enum_ = false;
    bool state_ = false;
    bool trace_ = false;
    bool error_ = false;
    bool fatal_ = false;
    bool connection_status_ = false;
    bool failed_ = false;
  };

  size_t Read(std::string_view text, bool is_last, Found& found, bool& in_word) const;

  Found found_;
  bool has_brace_ = false;
  bool in_word_ = false;   // a letter or digit stands before what is undecided
  std::string undecided_;  // the end of what was fed: what follows tells what it is
};

}  // namespace ddb
