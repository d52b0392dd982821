// Names that no attribute or map entry can have, and what stands for them. Rare; worker thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "items/change_log.h"
#include "json/scan.h"

namespace ddb {

// A name's text, with U+FFFD for what is not UTF-8; half of a surrogate pair is as Unescape leaves it.
std::string DecodedName(const json::Name& name);

// What is wrong with a name, if anything. https://docs.aws.amazon.com/amazondynamodb/latest/
// developerguide/HowItWorks.NamingRulesDataTypes.html : 1 to 65,535 bytes of UTF-8.
std::optional<ChangeKind> NameProblem(const json::Name& name, std::string_view decoded);

// Text as Unescape gives it, with U+FFFD for every half of a surrogate pair.
std::string WithoutLoneSurrogates(std::string_view text);

// The substitutes of one object, different from each other and from the object's other names.
class NameSubstitutes {
 public:
  // `inside` is the object's (valid) text behind its brace.
  std::string Replace(std::string_view name, const char* inside, const char* end);

 private:
  struct Taken {
    std::set<std::string, std::less<>> names;
    std::map<std::string, int, std::less<>> numbers;  // the last one tried behind a substitute
  };
  std::unique_ptr<Taken> taken_;  // read from the object when the first substitute is needed
};

}  // namespace ddb
