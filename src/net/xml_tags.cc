// SPDX-License-Identifier: Apache-2.0
#include "net/xml_tags.h"

#include <algorithm>
#include <charconv>

#include "net/http_text.h"

namespace kafka_iceberg::net {

namespace {

constexpr size_t kBytesMax = 8 << 20;
constexpr size_t kElementsMax = 200'000;
constexpr size_t kDepthMax = 32;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.' || c == ':' || static_cast<unsigned char>(c) >= 0x80;
}

void AppendUtf8(std::string& text, uint32_t code) {
  const auto tail = [&](int shift) { text += static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xc0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    text += static_cast<char>(0xe0 | (code >> 12));
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xf0 | (code >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

// `reference` is what stands between '&' and ';'.
bool AppendReference(std::string& text, std::string_view reference) {
  if (reference == "amp") return text += '&', true;
  if (reference == "lt") return text += '<', true;
  if (reference == "gt") return text += '>', true;
  if (reference == "quot") return text += '"', true;
  if (reference == "apos") return text += '\'', true;
  if (!reference.starts_with('#')) return false;
  reference.remove_prefix(1);
  const int base = reference.starts_with('x') ? 16 : 10;
  if (base == 16) reference.remove_prefix(1);
  uint32_t code = 0;
  const auto parsed =
      std::from_chars(reference.data(), reference.data() + reference.size(), code, base);
  if (parsed.ec != std::errc() || parsed.ptr != reference.data() + reference.size()) return false;
  if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
  AppendUtf8(text, code);
  return true;
}

class Parser {
 public:
  explicit Parser(std::string_view document) : rest_(document) {}

  // Keeps its own stack of open elements, so that the document cannot make us recurse.
  Result<XmlElement> Parse() {
    TRY(SkipProlog());
    std::vector<XmlElement> open;
    while (true) {
      if (rest_.starts_with("</")) {
        if (open.empty()) return Broken("an end tag without a start");
        TRY(TakeEndTag(open.back().name));
        XmlElement closed = std::move(open.back());
        open.pop_back();
        if (open.empty()) return Finish(std::move(closed));
        open.back().children.push_back(std::move(closed));
      } else if (rest_.starts_with("<!--") || rest_.starts_with("<?")) {
        TRY(SkipMarkup());
      } else if (rest_.starts_with("<![CDATA[")) {
        if (open.empty()) return Broken("text outside the root element");
        open.back().text += TRY(TakeUntil(9, "]]>"));
      } else if (rest_.starts_with('<')) {
        bool is_empty = false;
        XmlElement element = TRY(TakeStartTag(is_empty));
        if (open.size() >= kDepthMax) return Broken("more than 32 levels");
        if (!is_empty) {
          open.push_back(std::move(element));
        } else if (open.empty()) {
          return Finish(std::move(element));
        } else {
          open.back().children.push_back(std::move(element));
        }
      } else {
        if (open.empty()) return Broken("text outside the root element");
        TRY(TakeText(open.back().text));
      }
    }
  }

 private:
  static Error Broken(std::string_view what) { return Error::Corrupt("broken xml: {}", what); }

  void SkipSpaces() {
    while (!rest_.empty() && IsSpace(rest_.front())) rest_.remove_prefix(1);
  }

  // Comments, processing instructions, spaces. A document type is refused: nothing good has one.
  Status SkipProlog() {
    if (rest_.starts_with("\xef\xbb\xbf")) rest_.remove_prefix(3);
    SkipSpaces();
    while (rest_.starts_with("<?") || rest_.starts_with("<!")) {
      TRY(SkipMarkup());
      SkipSpaces();
    }
    if (!rest_.starts_with('<')) return Broken("no root element");
    return {};
  }

  Status SkipMarkup() {
    if (rest_.starts_with("<!--")) {
      TRY(TakeUntil(4, "-->"));
    } else if (rest_.starts_with("<?")) {
      TRY(TakeUntil(2, "?>"));
    } else {
      return Broken("a document type or an unknown declaration");
    }
    return {};
  }

  Result<XmlElement> Finish(XmlElement root) {
    while (!rest_.empty()) {
      SkipSpaces();
      if (rest_.empty()) break;
      TRY(SkipMarkup());
    }
    return root;
  }

  // What stands between the first `skip` bytes and `end`.
  Result<std::string_view> TakeUntil(size_t skip, std::string_view end) {
    const size_t at = rest_.find(end, skip);
    if (at == std::string_view::npos) return Broken("it ends too early");
    const std::string_view taken = rest_.substr(skip, at - skip);
    rest_.remove_prefix(at + end.size());
    return taken;
  }

  Result<std::string_view> TakeName() {
    const auto end = std::ranges::find_if_not(rest_, IsNameCharacter);
    const auto size = static_cast<size_t>(end - rest_.begin());
    if (size == 0) return Broken("a tag without a name");
    const std::string_view name = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return name;
  }

  static std::string_view WithoutPrefix(std::string_view name) {
    const size_t colon = name.rfind(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
  }

  Status TakeEndTag(std::string_view expected) {
    rest_.remove_prefix(2);
    const std::string_view name = TRY(TakeName());
    SkipSpaces();
    if (WithoutPrefix(name) != expected || !rest_.starts_with('>'))
      return Broken("an end tag that does not match");
    rest_.remove_prefix(1);
    return {};
  }

  Result<XmlElement> TakeStartTag(bool& is_empty) {
    rest_.remove_prefix(1);
    if (++elements_ > kElementsMax) return Broken("more than 200000 elements");
    XmlElement element;
    element.name = WithoutPrefix(TRY(TakeName()));
    TRY(SkipAttributes());
    is_empty = rest_.starts_with("/>");
    if (!is_empty && !rest_.starts_with('>')) return Broken("a start tag that does not end");
    rest_.remove_prefix(is_empty ? 2 : 1);
    return element;
  }

  // None of the documents says anything in attributes.
  Status SkipAttributes() {
    while (true) {
      SkipSpaces();
      if (rest_.empty()) return Broken("it ends too early");
      if (rest_.front() == '>' || rest_.front() == '/') return {};
      TRY(TakeName());
      SkipSpaces();
      if (!rest_.starts_with('=')) return Broken("an attribute without a value");
      rest_.remove_prefix(1);
      SkipSpaces();
      if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '\''))
        return Broken("an attribute without quotes");
      TRY(TakeUntil(1, rest_.substr(0, 1)));
    }
  }

  Status TakeText(std::string& text) {
    if (rest_.empty()) return Broken("it ends too early");
    while (!rest_.empty() && rest_.front() != '<') {
      if (rest_.front() != '&') {
        const std::string_view plain = rest_.substr(0, rest_.find_first_of("<&"));
        text += plain;
        rest_.remove_prefix(plain.size());
        continue;
      }
      const std::string_view reference = TRY(TakeUntil(1, ";"));
      if (!AppendReference(text, reference)) return Broken("an unknown entity");
    }
    return {};
  }

  std::string_view rest_;
  size_t elements_ = 0;
};

}  // namespace

const XmlElement* XmlElement::Child(std::string_view child_name) const {
  const auto found = std::ranges::find(children, child_name, &XmlElement::name);
  return found == children.end() ? nullptr : &*found;
}

const XmlElement* XmlElement::Find(std::initializer_list<std::string_view> path) const {
  const XmlElement* element = this;
  for (const std::string_view step : path) {
    if (element != nullptr) element = element->Child(step);
  }
  return element;
}

Result<XmlElement> ParseXml(std::string_view document) {
  if (document.size() > kBytesMax) return Error::Corrupt("broken xml: larger than 8 MiB");
  return Parser(document).Parse();
}

}  // namespace kafka_iceberg::net
