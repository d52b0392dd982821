// written_names: the names that tell what a line is, in whatever writing: "Record", " RECORD" and "records"
// are RECORD to whoever wrote them, and "emittedAt" is EMITTEDAT. The one place that says which writings are
// one name: for members (unknown_message), for a line that is only skimmed (line_skim) and for words in text
// (message_signs). Called for names that are not the protocol's own; never on the way of a good message.
// Pure.
#pragma once

#include <string>
#include <string_view>

namespace ddb {

// A name in the letters and digits that it is made of, all of them capitals. Of a longer name than any of
// ours not all: it is nobody's slip.
std::string Letters(std::string_view name);

// Of Letters: what a record, or several, may be called.
inline bool MeansRecord(std::string_view letters) { return letters == "RECORD" || letters == "RECORDS"; }

}  // namespace ddb
