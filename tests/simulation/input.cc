#include "simulation/input.h"

#include <fmt/format.h>

#include <iterator>

namespace ddb::simulation {
namespace {

void AddRecord(Input& input, int stream, const InputPiece& piece, const std::string& pad) {
  const size_t id = input.records.size();
  auto& of_stream = input.of_stream[static_cast<size_t>(stream)];
  input.records.push_back({stream, piece.what == "refused", piece.what == "odd", of_stream.size()});
  of_stream.push_back(id);
  // A number of 39 digits is none of DynamoDB's.
  fmt::format_to(
      std::back_inserter(input.text),
      R"({{"type":"RECORD","record":{{"stream":"{}","data":{{"id":{},"pad":"{}"}},"emitted_at":{}}}}})"
      "\n",
      StreamName(stream), id, pad, piece.what == "odd" ? std::string(39, '9') : std::to_string(id));
}

void AddState(Input& input, int stream, std::vector<size_t>& covered) {
  Input::State state;
  state.stream = stream;
  state.line = input.text.size();
  state.records_before = input.records.size();
  for (size_t s = 0; s < covered.size(); ++s) {
    state.covers.push_back(input.of_stream[s].size());
    if (stream >= 0 && s != static_cast<size_t>(stream)) continue;
    state.since += input.of_stream[s].size() - std::exchange(covered[s], input.of_stream[s].size());
  }
  const size_t number = input.states.size();
  input.text += stream < 0
                    ? fmt::format(R"({{"type":"STATE","state":{{"type":"GLOBAL","global":{{"n":{}}}}}}})"
                                  "\n",
                                  number)
                    : fmt::format(R"({{"type":"STATE","state":{{"type":"STREAM","n":{},"stream":)"
                                  R"({{"stream_descriptor":{{"name":"{}"}}}}}}}})"
                                  "\n",
                                  number, StreamName(stream));
  input.states.push_back(std::move(state));
}

}  // namespace

std::string StreamName(int stream) { return "s" + std::to_string(stream); }

Input MakeInput(const Plan& plan) {
  Input input;
  const int streams = static_cast<int>(plan.tables.size());
  input.of_stream.resize(plan.tables.size());
  std::vector<size_t> covered(plan.tables.size());
  for (const InputPiece& piece : plan.input) {
    const int stream = piece.stream % streams;  // a plan that was made smaller has fewer
    if (piece.what == "state") {
      AddState(input, plan.global ? -1 : stream, covered);
    } else if (piece.what == "pause") {
      input.pauses.emplace_back(input.text.size(), std::chrono::milliseconds(piece.count));
    } else {
      const std::string pad(static_cast<size_t>(piece.bytes), 'x');
      for (int i = 0; i < piece.count; ++i) AddRecord(input, stream, piece, pad);
    }
  }
  return input;
}

}  // namespace ddb::simulation
