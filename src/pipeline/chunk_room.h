// chunk_room: the memory that a chunk's records may take while they are parsed and encoded, to be reserved
// before (P3): the worst that such bytes can grow to (items/growth_bound), or, for a chunk with a line longer
// than a chunk, what this line can. Long lines are mostly text, which hardly grows: the worst would refuse
// lines that fit many times. Pure; any thread.
//
// Two things are not in it: a reply as long as its request, which is charged with the batch (Batch), and what
// a changed record says of its changes (ItemFacts::noted_bytes) in a chunk of the usual size.
#pragma once

#include <cstddef>
#include <string_view>

#include "items/growth_bound.h"

namespace ddb {

// Of any chunk of so many bytes.
constexpr size_t RoomForChunk(size_t bytes) { return GrownBytes(bytes); }

// Of this one, which begins with a line longer than a chunk. At least what RoomForLine says of the line.
size_t RoomForLongChunk(std::string_view chunk);

// Of one long line: its item before the largest fields are nulled, and the lists of names and fields that
// this takes. Exact enough to tell text from numbers; on anything odd the worst.
size_t RoomForLine(std::string_view line);

// Of so many bytes of a record that becomes dead letters: compressed, in base64, in items and in their batch.
constexpr size_t RoomForLetters(size_t bytes) { return 4 * bytes + bytes / 4; }

}  // namespace ddb
