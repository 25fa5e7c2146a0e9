// SPDX-License-Identifier: Apache-2.0
#include "net/xml_tags.h"

#include <gtest/gtest.h>

#include "core/random.h"
#include "core/result_matchers.h"

namespace kafka_iceberg::net {
namespace {

TEST(XmlTags, ReadsElementsAndText) {
  const auto root = ParseXml(
      "\xef\xbb\xbf<?xml version='1.0'?>\n<!-- c --><s:a xmlns:s=\"x>y\"><b>1</b><b k='v'/>"
      "<c><d>t<!-- x -->u</d></c></s:a>\n<!-- end -->\n");
  ASSERT_THAT(root, IsOk());
  EXPECT_EQ(root->name, "a");
  ASSERT_EQ(root->children.size(), 3);
  EXPECT_EQ(root->Child("b")->text, "1");
  EXPECT_EQ(root->Find({"c", "d"})->text, "tu");
  EXPECT_EQ(root->Find({"c", "e", "f"}), nullptr);
}

TEST(XmlTags, ReadsEntitiesAndCharacterData) {
  const auto root = ParseXml("<a>&lt;&amp;&gt;&quot;&apos;&#65;&#x20AC;<![CDATA[<&]]></a>");
  ASSERT_THAT(root, IsOk());
  EXPECT_EQ(root->text, "<&>\"'A\xe2\x82\xac<&");
}

TEST(XmlTags, RefusesWhatIsNotWellFormed) {
  for (const char* document : {"",
                               " ",
                               "x",
                               "<",
                               "<a",
                               "<a>",
                               "</a>",
                               "<a></b>",
                               "<a/><b/>",
                               "<a/>x",
                               "x<a/>",
                               "<a",
                               "<a b>",
                               "<a b=>",
                               "<a b=c/>",
                               "<a b='c>",
                               "<a>&x;</a>",
                               "<a>&amp</a>",
                               "<a>&#0;</a>",
                               "<a>&#xD800;</a>",
                               "<a>&#x110000;</a>",
                               "<a>&#99999999999;</a>",
                               "<a>&#;</a>",
                               "<>",
                               "<a><!-- </a>",
                               "<a><![CDATA[x</a>",
                               "<?xml",
                               "<![CDATA[x]]><a/>"})
    EXPECT_THAT(ParseXml(document), IsError(ErrorCode::kCorrupt)) << document;
}

TEST(XmlTags, RefusesDocumentTypes) {
  EXPECT_THAT(ParseXml("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>"), IsError(ErrorCode::kCorrupt));
}

TEST(XmlTags, RefusesWhatIsTooDeep) {
  std::string document;
  for (int i = 0; i < 33; ++i) document += "<a>";
  EXPECT_THAT(ParseXml(document), IsError(ErrorCode::kCorrupt));
}

TEST(XmlTags, RefusesTooManyElements) {
  std::string document = "<a>";
  for (int i = 0; i < 200'001; ++i) document += "<b/>";
  EXPECT_THAT(ParseXml(document + "</a>"), IsError(ErrorCode::kCorrupt));
}

TEST(XmlTags, SurvivesEveryCutAndManyChanges) {
  const std::string document = "<?xml v='1'?><a x='y'><!--c--><b>&#65;&lt;<![CDATA[z]]></b></a>";
  for (size_t size = 0; size < document.size(); ++size)
    EXPECT_THAT(ParseXml(document.substr(0, size)), IsError(ErrorCode::kCorrupt)) << size;
  SeededRandom random(7);
  for (int i = 0; i < 2000; ++i) {
    std::string changed = document;
    changed[random.Below(changed.size())] = static_cast<char>(random.Below(256));
    static_cast<void>(ParseXml(changed).ok());
  }
}

}  // namespace
}  // namespace kafka_iceberg::net
