#include "items/key.h"

#include "items/json_text.h"
#include "items/name_substitute.h"
#include "items/number.h"

namespace ddb {
namespace {

void Append(char type, std::string_view bytes, std::string& key) {
  key.push_back(type);
  key.append(std::to_string(bytes.size())).push_back(':');
  key.append(bytes);
}

}  // namespace

bool AppendKeyPart(std::string_view json, std::string& key) {
  switch (json.front()) {
    case '{':
    case '[':
      return false;
    case '"': {
      std::string text;
      Unescape(json.substr(1, json.size() - 2), text);
      Append('S', WithoutLoneSurrogates(text), key);
      return true;
    }
    case 't':
    case 'f':
    case 'n':
      Append(json.front(), "", key);
      return true;
    default: {
      char text[kMaxCanonicalNumber];
      const Number number = NormalizeNumber(json.data(), json.data() + json.size(), text);
      if (number.fit == NumberFit::kFits) {
        Append('N', {text, number.length}, key);
      } else {
        Append('S', json, key);
      }
      return true;
    }
  }
}

}  // namespace ddb
