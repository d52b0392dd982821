#include "simulation/plan.h"

#include <algorithm>
#include <array>

#include "simulation/dice.h"

namespace ddb::simulation {
namespace {

constexpr std::array<const char*, kFaults> kNames = {"none",
                                                     "reset_before",
                                                     "reset_after",
                                                     "cut_short",
                                                     "lost",
                                                     "no_reply",
                                                     "late_effect",
                                                     "connect_timeout",
                                                     "stall",
                                                     "server_error",
                                                     "server_error_stored",
                                                     "throttled",
                                                     "unprocessed",
                                                     "bad_reply",
                                                     "bad_reply_stored",
                                                     "foreign_unprocessed",
                                                     "wrong_crc",
                                                     "expired_token",
                                                     "too_large"};

// Of a text: with what is around it, an item of 400 KB.
constexpr int kMostBytes = 390'000;

bool NeverMind(Dice& dice, double share = 0.5) { return dice.Chance(share); }

// Each kind is in a run or not, so that no kind hides another; one run in eight has none, one in eight a
// single one.
void DrawFaults(Dice& dice, Plan& plan) {
  const uint64_t kind = dice.Below(8);
  if (kind == 0) return;
  const auto only = static_cast<int>(1 + dice.Below(kFaults - 1));
  for (int fault = 1; fault < kFaults; ++fault) {
    const bool in = kind == 1 ? fault == only : dice.Chance(0.5);
    double rate = dice.LogUniform(1e-4, 0.3);
    const double on = dice.LogUniform(0.1, 60);
    const double off = dice.LogUniform(0.1, 60);
    const bool bursty = dice.Chance(0.3);
    if (!in) continue;
    // Eight in a row end the run, and are meant to.
    if (static_cast<Fault>(fault) == Fault::kExpiredToken) rate = std::min(rate, 0.01);
    plan.faults.push_back({kNames[static_cast<size_t>(fault)], rate, bursty ? on : 0, bursty ? off : 0});
  }
}

std::vector<Spell> DrawSpells(Dice& dice, double until, double longest) {
  std::vector<Spell> spells;
  for (uint64_t n = 1 + dice.Below(3); n > 0; --n) {
    const double from = dice.Uniform(0, until);
    spells.push_back({from, from + dice.LogUniform(0.05, longest)});
  }
  return spells;
}

void DrawInput(Dice& dice, Plan& plan) {
  const size_t total = dice.LogSize(5, dice.Chance(0.1) ? 5000 : 600);
  const size_t run = dice.LogSize(1, 60);  // records between STATEs
  const int bytes = static_cast<int>(dice.LogSize(1, dice.Chance(0.1) ? 100'000 : 2000));
  const bool refused = dice.Chance(0.2);
  const bool odd = dice.Chance(0.2);
  const auto stream = [&] { return static_cast<int>(dice.Below(plan.tables.size())); };
  for (size_t records = 0; records < total;) {
    const int count = static_cast<int>(dice.LogSize(1, run));
    const bool large = dice.Chance(0.05);
    plan.input.push_back({"records", stream(), count, large ? std::min(bytes * 4, kMostBytes) : bytes});
    records += static_cast<size_t>(count);
    if (refused && dice.Chance(0.1)) plan.input.push_back({"refused", stream(), 1, bytes});
    if (odd && dice.Chance(0.1)) plan.input.push_back({"odd", stream(), 1, bytes});
    if (dice.Chance(0.6)) plan.input.push_back({"state", stream(), 0, 0});
    if (dice.Chance(0.02)) plan.input.push_back({"pause", 0, static_cast<int>(dice.LogSize(1, 30'000)), 0});
  }
}

void DrawTables(Dice& dice, Plan& plan) {
  const bool limited = dice.Chance(0.5);
  for (uint64_t n = 1 + dice.Below(4); n > 0; --n) {
    TableSetting table;
    if (limited && dice.Chance(0.6)) {
      table.wcu = dice.LogUniform(5, 5000);
      table.described = dice.Chance(0.7);
      table.saved_s = dice.Chance(0.5) ? 0 : dice.Uniform(0, 300);
    }
    Dice change(plan.seed, Draw::kCapacity, n);
    if (table.wcu > 0 && change.Chance(0.3)) {
      table.changes_s = change.LogUniform(1, 100);
      table.changes_to = std::max(1.0, table.wcu * change.LogUniform(0.1, 10));
    }
    if (dice.Chance(0.1)) table.dark = DrawSpells(dice, plan.calm_s, 60);
    if (dice.Chance(0.02)) table.dark.push_back({dice.Uniform(0, plan.calm_s), 1e9});
    plan.tables.push_back(std::move(table));
  }
}

void DrawProgram(Dice& dice, Plan& plan) {
  static constexpr std::array kWorkers = {1, 1, 2, 3, 4, 8};
  plan.workers = kWorkers[dice.Below(kWorkers.size())];
  plan.connections = static_cast<int>(dice.LogSize(1, 256));
  plan.chunk_bytes = NeverMind(dice) ? 256 * 1024 : dice.LogSize(128, 256 * 1024);
  plan.window_bytes = NeverMind(dice) ? 2 << 20 : dice.LogSize(256, 2 << 20);
  plan.memory_bytes = dice.Chance(0.7) ? 48 << 20 : dice.LogSize(64 << 10, 48 << 20);
  plan.give_up_s = NeverMind(dice) ? 600 : dice.LogUniform(dice.Chance(0.1) ? 60 : kPatience, 1200);
  plan.skip_rejected = dice.Chance(0.6);
}

void DrawWorld(Dice& dice, Plan& plan) {
  if (dice.Chance(0.5)) plan.turn_us = dice.LogUniform(1, 5000);
  if (dice.Chance(0.4)) plan.input_bytes_per_s = dice.LogUniform(2e3, 1e7);
  plan.piece_bytes = dice.LogSize(1, 1 << 16);
  plan.line_bytes_per_s = NeverMind(dice) ? 1e9 : dice.LogUniform(2e4, 1e8);
  plan.delay_s = dice.LogUniform(0.0005, 0.3);
  plan.jitter = NeverMind(dice) ? 0 : dice.LogUniform(0.01, 2);
  if (dice.Chance(0.1)) plan.line_stalls = DrawSpells(dice, plan.calm_s, 45);
  if (dice.Chance(0.1)) plan.reader_stalls = DrawSpells(dice, plan.calm_s, 60);
  if (dice.Chance(0.03)) plan.reader_closes_s = dice.LogUniform(0.01, 1 + plan.calm_s);
  if (dice.Chance(0.03)) plan.signal_s = dice.LogUniform(0.01, 1 + plan.calm_s);
}

// What is too long for all of the memory is rejected, and is no matter of chance.
void MakeRoom(Plan& plan) {
  uint64_t longest = plan.chunk_bytes;
  for (const InputPiece& piece : plan.input)
    longest = std::max<uint64_t>(longest, 300 + static_cast<uint64_t>(piece.bytes));
  plan.memory_bytes = std::max<uint64_t>(plan.memory_bytes, (64 << 10) + 16 * longest);
}

nlohmann::json ToJson(const std::vector<Spell>& spells) {
  nlohmann::json json = nlohmann::json::array();
  for (const Spell& spell : spells) json.push_back({spell.from, spell.to});
  return json;
}
std::vector<Spell> SpellsFrom(const nlohmann::json& json) {
  std::vector<Spell> spells;
  for (const auto& each : json) spells.push_back({each.at(0), each.at(1)});
  return spells;
}

}  // namespace

const char* NameOf(Fault fault) { return kNames[static_cast<size_t>(fault)]; }

Plan MakePlan(uint64_t seed) {
  Dice dice(seed, Draw::kPlan);
  Plan plan;
  plan.seed = seed;
  plan.calm_s = dice.LogUniform(1, 600);
  plan.global = dice.Chance(0.3);
  DrawTables(dice, plan);
  DrawProgram(dice, plan);
  DrawWorld(dice, plan);
  DrawInput(dice, plan);
  DrawFaults(dice, plan);
  MakeRoom(plan);
  return plan;
}

nlohmann::json ToJson(const Plan& plan) {
  nlohmann::json json = {{"seed", plan.seed},
                         {"workers", plan.workers},
                         {"connections", plan.connections},
                         {"chunk_bytes", plan.chunk_bytes},
                         {"window_bytes", plan.window_bytes},
                         {"memory_bytes", plan.memory_bytes},
                         {"give_up_s", plan.give_up_s},
                         {"skip_rejected", plan.skip_rejected},
                         {"turn_us", plan.turn_us},
                         {"input_bytes_per_s", plan.input_bytes_per_s},
                         {"piece_bytes", plan.piece_bytes},
                         {"reader_stalls", ToJson(plan.reader_stalls)},
                         {"reader_closes_s", plan.reader_closes_s},
                         {"signal_s", plan.signal_s},
                         {"line_bytes_per_s", plan.line_bytes_per_s},
                         {"delay_s", plan.delay_s},
                         {"jitter", plan.jitter},
                         {"line_stalls", ToJson(plan.line_stalls)},
                         {"global", plan.global},
                         {"calm_s", plan.calm_s},
                         {"tables", nlohmann::json::array()},
                         {"input", nlohmann::json::array()},
                         {"faults", nlohmann::json::array()}};
  for (const TableSetting& table : plan.tables)
    json["tables"].push_back({{"wcu", table.wcu},
                              {"saved_s", table.saved_s},
                              {"described", table.described},
                              {"dark", ToJson(table.dark)},
                              {"changes_s", table.changes_s},
                              {"changes_to", table.changes_to}});
  for (const InputPiece& piece : plan.input)
    json["input"].push_back({piece.what, piece.stream, piece.count, piece.bytes});
  for (const FaultRate& rate : plan.faults)
    json["faults"].push_back(
        {{"fault", rate.fault}, {"rate", rate.rate}, {"on_s", rate.on_s}, {"off_s", rate.off_s}});
  if (plan.fired) {
    json["fired"] = nlohmann::json::array();
    for (const FiredFault& fault : *plan.fired) json["fired"].push_back({fault.fault, fault.request});
  }
  return json;
}

Plan PlanFrom(const nlohmann::json& json) {
  Plan plan;
  json.at("seed").get_to(plan.seed);
  json.at("workers").get_to(plan.workers);
  json.at("connections").get_to(plan.connections);
  json.at("chunk_bytes").get_to(plan.chunk_bytes);
  json.at("window_bytes").get_to(plan.window_bytes);
  json.at("memory_bytes").get_to(plan.memory_bytes);
  json.at("give_up_s").get_to(plan.give_up_s);
  json.at("skip_rejected").get_to(plan.skip_rejected);
  json.at("turn_us").get_to(plan.turn_us);
  json.at("input_bytes_per_s").get_to(plan.input_bytes_per_s);
  json.at("piece_bytes").get_to(plan.piece_bytes);
  plan.reader_stalls = SpellsFrom(json.at("reader_stalls"));
  json.at("reader_closes_s").get_to(plan.reader_closes_s);
  json.at("signal_s").get_to(plan.signal_s);
  json.at("line_bytes_per_s").get_to(plan.line_bytes_per_s);
  json.at("delay_s").get_to(plan.delay_s);
  json.at("jitter").get_to(plan.jitter);
  plan.line_stalls = SpellsFrom(json.at("line_stalls"));
  json.at("global").get_to(plan.global);
  json.at("calm_s").get_to(plan.calm_s);
  for (const auto& table : json.at("tables"))
    plan.tables.push_back({table.at("wcu"), table.at("saved_s"), table.at("described"),
                           SpellsFrom(table.at("dark")), table.value("changes_s", 0.0),
                           table.value("changes_to", 0.0)});
  for (const auto& piece : json.at("input"))
    plan.input.push_back({piece.at(0), piece.at(1), piece.at(2), piece.at(3)});
  for (const auto& rate : json.at("faults"))
    plan.faults.push_back({rate.at("fault"), rate.at("rate"), rate.at("on_s"), rate.at("off_s")});
  if (json.contains("fired")) {
    plan.fired.emplace();
    for (const auto& fault : json.at("fired")) plan.fired->push_back({fault.at(0), fault.at(1)});
  }
  return plan;
}

}  // namespace ddb::simulation
