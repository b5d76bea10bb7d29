// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The subcommand "doctor".
#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/console/render.hpp"
#include "app/doctor/diagnosis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>

namespace troupe::app {

namespace {

using console::output_format;

const std::map<std::string, output_format> formats{{"table", output_format::table},
                                                   {"json", output_format::json},
                                                   {"csv", output_format::csv}};

std::string as_text(const std::vector<doctor::finding>& findings) {
  std::string text;
  for (const auto& each : findings) {
    text += fmt::format("{:<6} {:<20} {}\n", to_string(each.how), each.check, each.found);
    if (!each.mend.empty())
      text += fmt::format("{:<27} -> {}\n", "", each.mend);
  }
  return text;
}

std::string as_rows(const std::vector<doctor::finding>& findings, output_format format) {
  console::table all{{}, {{"check"}, {"verdict"}, {"found"}, {"mend"}}, {}};
  for (const auto& each : findings)
    all.rows.push_back({std::string{each.check}, std::string{to_string(each.how)}, each.found, each.mend});
  return console::render({all}, format);
}

int examine_machine(const command_line& line, const std::string& format) {
  using namespace doctor;
  std::vector<finding> findings;
  settings checked;
  try {
    checked = line.load();
    findings.push_back({"configuration", verdict::good, "valid"});
  } catch (const config_error& error) { // the rest is judged by the defaults
    findings.push_back({"configuration", verdict::fatal, error.what(), "troupe gen-config"});
  }
  std::ranges::move(diagnose(examine(checked), checked), std::back_inserter(findings));
  const auto as = formats.at(format);
  const auto written = print(as == output_format::table ? as_text(findings) : as_rows(findings, as));
  const bool hurts = std::ranges::any_of(findings, [](const finding& f) { return f.how >= verdict::hurts; });
  return written != exit_code::ok || hurts ? exit_code::failed : exit_code::ok;
}

} // namespace

void add_doctor(CLI::App& app, action& selected) {
  auto* command = app.add_subcommand("doctor", "Tell what on this machine will hurt the server");
  auto line = std::make_shared<command_line>(*command);
  auto format = std::make_shared<std::string>("table");
  command->add_option("--format", *format, "Of what is printed")
      ->check(CLI::IsMember(formats))
      ->capture_default_str();
  command->callback([line, format, &selected] {
    selected = [line, format] { return examine_machine(*line, *format); };
  });
}

} // namespace troupe::app
