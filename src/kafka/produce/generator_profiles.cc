// SPDX-License-Identifier: Apache-2.0
#include "kafka/produce/generator_profiles.h"

#include <array>
#include <span>

namespace kafka_iceberg::kafka {
namespace {

constexpr size_t kVariants = 64;

using Words = std::span<const std::string_view>;

// Walks through lists of words at different speeds, so that columns do not move together.
class Chooser {
 public:
  explicit Chooser(size_t variant) : variant_(variant) {}
  std::string_view operator()(Words words) {
    stride_ += 2;
    return words[(variant_ * stride_ / 3 + stride_) % words.size()];
  }

 private:
  const size_t variant_;
  size_t stride_ = 1;
};

constexpr auto kEvents = std::to_array<std::string_view>(
    {"view", "click", "search", "add_to_cart", "purchase", "wishlist", "share", "refund"});
constexpr auto kCountries = std::to_array<std::string_view>(
    {"DE", "US", "FR", "JP", "BR", "IN", "GB", "PL", "CZ", "NO", "KE"});
constexpr auto kFlags = std::to_array<std::string_view>({"true", "false", "true"});
constexpr auto kCurrencies = std::to_array<std::string_view>({"EUR", "USD", "JPY", "GBP"});
constexpr auto kDevices = std::to_array<std::string_view>({"phone", "tablet", "desktop", "tv"});
constexpr auto kSystems = std::to_array<std::string_view>(
    {"android 15", "ios 19.1", "windows 11", "linux 6.12", "macos 26"});
constexpr auto kCampaigns = std::to_array<std::string_view>(
    {"spring-sale", "newsletter-14", "none", "partner-link", "retargeting"});
constexpr auto kCities = std::to_array<std::string_view>(
    {"Berlin", "Lyon", "Osaka", "Recife", "Pune", "Leeds", "Gdansk", "Brno"});
constexpr auto kNames = std::to_array<std::string_view>(
    {"Ada Novak", "Ken Osei", "Mia Berg", "Luis Prado", "Yuki Mori", "Eva Lind"});
constexpr auto kProducts = std::to_array<std::string_view>(
    {"espresso machine", "desk lamp", "hiking boots", "water bottle", "notebook", "headphones",
     "rain jacket", "chess set"});
constexpr auto kAgents = std::to_array<std::string_view>(
    {"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
     "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/139.0 Safari/537.36",
     "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"});
constexpr auto kComments = std::to_array<std::string_view>(
    {"arrived two days early and well packed, would order again without thinking twice about it, "
     "and so would both of my neighbours, who have had the same model for years now",
     "the box was damaged on one corner but the content is fine; support answered within the hour "
     "and sent a replacement although I had only asked whether that was usual at all",
     "exactly as described, though the manual is only available as a download in three languages, "
     "none of which I read well; the pictures are clear enough to get by with some patience"});

RecordTemplate SmallTemplate(size_t variant) {
  Chooser pick(variant);
  RecordTemplate record;
  record.Text(R"({"event_id":)").Place(PatchKind::kSequence, 13);
  record.Text(R"(,"user_id":)").Place(PatchKind::kDigits, 6);
  record.Text(R"(,"event_type":")").Text(pick(kEvents));
  record.Text(R"(","country":")").Text(pick(kCountries));
  record.Text(R"(","session_id":"session-)").Place(PatchKind::kHex, 12);
  record.Text(R"(","amount":)").Place(PatchKind::kDigits, 3).Text(".").Place(PatchKind::kDigits, 2);
  record.Text(R"(,"quantity":)").Place(PatchKind::kDigits, 1);
  record.Text(R"(,"is_mobile":)").Text(pick(kFlags));
  record.Text(R"(,"created_at":")").Place(PatchKind::kTime, 24).Text(R"("})");
  return record;
}

void AddBigPurchase(RecordTemplate& record, Chooser& pick) {
  record.Text(R"(,"currency":")").Text(pick(kCurrencies));
  record.Text(R"(","unit_price":)")
      .Place(PatchKind::kDigits, 4)
      .Text(".")
      .Place(PatchKind::kDigits, 2);
  record.Text(R"(,"total_price":)")
      .Place(PatchKind::kDigits, 6)
      .Text(".")
      .Place(PatchKind::kDigits, 2);
  record.Text(R"(,"quantity":)").Place(PatchKind::kDigits, 2);
  record.Text(R"(,"discount":0.)").Place(PatchKind::kDigits, 4);
  record.Text(R"(,"product_id":)").Place(PatchKind::kDigits, 5);
  record.Text(R"(,"product_name":")").Text(pick(kProducts));
  record.Text(R"(","warehouse":"warehouse-)").Text(pick(kCities));
}

void AddBigVisit(RecordTemplate& record, Chooser& pick) {
  record.Text(R"(","page_url":"https://shop.example.com/)").Text(pick(kEvents)).Text("/");
  record.Place(PatchKind::kDigits, 5).Text("?campaign=").Text(pick(kCampaigns));
  record.Text(R"(","referrer":"https://search.example.org/?q=)").Text(pick(kCampaigns));
  record.Text(R"(","user_agent":")").Text(pick(kAgents));
  record.Text(R"(","device":")").Text(pick(kDevices));
  record.Text(R"(","operating_system":")").Text(pick(kSystems));
  record.Text(R"(","is_returning":)").Text(pick(kFlags));
  record.Text(R"(,"latency_ms":)")
      .Place(PatchKind::kDigits, 3)
      .Text(".")
      .Place(PatchKind::kDigits, 3);
  record.Text(R"(,"comment":")").Text(pick(kComments));
  record.Text("; reference ").Place(PatchKind::kHex, 16);
}

RecordTemplate BigTemplate(size_t variant) {
  Chooser pick(variant);
  RecordTemplate record;
  record.Text(R"({"event_id":)").Place(PatchKind::kSequence, 13);
  record.Text(R"(,"user_id":)").Place(PatchKind::kDigits, 8);
  record.Text(R"(,"session_id":")").Place(PatchKind::kHex, 24);
  record.Text(R"(","event_type":")").Text(pick(kEvents));
  record.Text(R"(","country":")").Text(pick(kCountries));
  record.Text(R"(","city":")").Text(pick(kCities)).Text("\"");
  AddBigPurchase(record, pick);
  AddBigVisit(record, pick);
  record.Text(R"(","received_ms":)").Place(PatchKind::kMillis, 13);
  record.Text(R"(,"created_at":")").Place(PatchKind::kTime, 24).Text(R"("})");
  return record;
}

RecordTemplate DemoTemplate(size_t variant) {
  Chooser pick(variant);
  RecordTemplate record;
  record.Text(R"({"order_id":)").Place(PatchKind::kSequence, 9);
  record.Text(R"(,"customer":")").Text(pick(kNames));
  record.Text(R"(","country":")").Text(pick(kCountries));
  record.Text(R"(","product":")").Text(pick(kProducts));
  record.Text(R"(","quantity":)").Place(PatchKind::kDigits, 1);
  record.Text(R"(,"unit_price":)")
      .Place(PatchKind::kDigits, 2)
      .Text(".")
      .Place(PatchKind::kDigits, 2);
  record.Text(R"(,"currency":")").Text(pick(kCurrencies));
  record.Text(R"(","paid":)").Text(pick(kFlags));
  record.Text(R"(,"ordered_at":")").Place(PatchKind::kTime, 24).Text(R"("})");
  return record;
}

}  // namespace

RecordTemplate& RecordTemplate::Text(std::string_view text) {
  text_ += text;
  return *this;
}

RecordTemplate& RecordTemplate::Place(PatchKind kind, uint16_t width) {
  patches_.push_back({kind, width, static_cast<uint32_t>(text_.size())});
  text_.append(width, '0');
  return *this;
}

std::vector<RecordTemplate> ProfileTemplates(Profile profile) {
  std::vector<RecordTemplate> templates;
  for (size_t variant = 0; variant < kVariants; ++variant) {
    switch (profile) {
      case Profile::kSmall: templates.push_back(SmallTemplate(variant)); break;
      case Profile::kBig: templates.push_back(BigTemplate(variant)); break;
      case Profile::kDemo: templates.push_back(DemoTemplate(variant)); break;
    }
  }
  return templates;
}

std::vector<RecordTemplate> BadTemplates() {
  std::vector<RecordTemplate> templates(4);
  templates[0].Text("this is not JSON, record ").Place(PatchKind::kSequence, 13);
  templates[1].Text(R"({"order_id":)").Place(PatchKind::kSequence, 7).Text(R"(,"customer":"Ada)");
  templates[2].Text(R"({"event_id":"none","order_id":"none","quantity":"two","number":)");
  templates[2].Place(PatchKind::kSequence, 13).Text("}");
  templates[3].Text("[").Place(PatchKind::kSequence, 13).Text("]");
  return templates;
}

std::vector<ProfileField> ProfileSchema(Profile profile) {
  switch (profile) {
    case Profile::kSmall:
      return {{"event_id", "long"},  {"user_id", "long"},      {"event_type", "string"},
              {"country", "string"}, {"session_id", "string"}, {"amount", "double"},
              {"quantity", "int"},   {"is_mobile", "boolean"}, {"created_at", "timestamptz"}};
    case Profile::kBig:
      return {{"event_id", "long"},
              {"user_id", "long"},
              {"session_id", "string"},
              {"event_type", "string"},
              {"country", "string"},
              {"city", "string"},
              {"currency", "string"},
              {"unit_price", "decimal(9,2)"},
              {"total_price", "decimal(12,2)"},
              {"quantity", "int"},
              {"discount", "double"},
              {"product_id", "int"},
              {"product_name", "string"},
              {"warehouse", "string"},
              {"page_url", "string"},
              {"referrer", "string"},
              {"user_agent", "string"},
              {"device", "string"},
              {"operating_system", "string"},
              {"is_returning", "boolean"},
              {"latency_ms", "double"},
              {"comment", "string"},
              {"received_ms", "long"},
              {"created_at", "timestamptz"}};
    case Profile::kDemo:
      return {{"order_id", "long"},   {"customer", "string"}, {"country", "string"},
              {"product", "string"},  {"quantity", "int"},    {"unit_price", "decimal(9,2)"},
              {"currency", "string"}, {"paid", "boolean"},    {"ordered_at", "timestamptz"}};
  }
  return {};
}

}  // namespace kafka_iceberg::kafka
